"""The engine against PyTorch, scikit-learn, JAX and the floor, per trial on one core.

python -m benchmarks.engine [--rounds 5] [--json FILE]
"""

from collections.abc import Iterator
from typing import Any

from benchmarks.floor import Products
from benchmarks.machine import described, keep_to_one_core
from benchmarks.peers import jax_vmap, pytorch, scikit
from benchmarks.report import options, tell
from benchmarks.task import EPOCHS, SIZES, Size, digits, plans
from benchmarks.timing import interleaved
from engine.training import Dataset, train_pack

PACKAGES = ("numpy", "torch", "jax", "scikit-learn")
COLUMNS = (
    "hidden, batch",
    "PyTorch",
    "scikit-learn",
    "JAX (to compile)",
    "pack of 1, times PyTorch",
    "best pack, times PyTorch and JAX",
    "of the floor",
    "with dropout, batch norm and L2: pack of 1, best pack",
)


def main() -> None:
    asked = options(__doc__, rounds=5)
    keep_to_one_core()
    dataset = digits()
    rows = [_measure(size, dataset, asked.rounds) for size in SIZES]
    report = {"machine": described(PACKAGES), "epochs": EPOCHS, "rows": rows}
    tell(report, _table(report), asked.json)


def _measure(size: Size, dataset: Dataset, rounds: int) -> dict[str, Any]:
    """Milliseconds per trial of everyone."""
    jax = jax_vmap.Trials(size, dataset, EPOCHS, size.pack)
    compile_seconds = jax.compile()
    one, pack = plans(size, 1), plans(size, size.pack)
    regular_one, regular_pack = plans(size, 1, regularised=True), plans(size, size.pack, regularised=True)
    seconds = interleaved(
        {
            "pytorch": pytorch.Trial(size, dataset, EPOCHS).run,
            "scikit": scikit.Trial(size, dataset, EPOCHS).run,
            "jax": jax.run,
            "one": lambda: train_pack(one, dataset),
            "pack": lambda: train_pack(pack, dataset),
            "floor": Products(size, dataset, EPOCHS, size.pack).run,
            "pytorch_regularised": pytorch.Trial(size, dataset, EPOCHS, regularised=True).run,
            "one_regularised": lambda: train_pack(regular_one, dataset),
            "pack_regularised": lambda: train_pack(regular_pack, dataset),
        },
        rounds,
    )
    members = {"jax", "pack", "floor", "pack_regularised"}
    milliseconds = {name: 1000 * each / (size.pack if name in members else 1) for name, each in seconds.items()}
    return {"size": str(size), "pack": size.pack, "jax_compile_seconds": compile_seconds, "milliseconds": milliseconds}


def _table(report: dict[str, Any]) -> Iterator[str]:
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---" * len(COLUMNS) + "|"
    for row in report["rows"]:
        ms = row["milliseconds"]
        regular = ms["pytorch_regularised"]
        cells = [
            row["size"],
            f"{ms['pytorch']:.0f} ms",
            f"{ms['scikit']:.0f} ms",
            f"{ms['jax']:.1f} ms ({row['jax_compile_seconds']:.0f} s)",
            f"{ms['one']:.1f} ms, **{ms['pytorch'] / ms['one']:.1f}×**",
            f"{ms['pack']:.1f} ms (of {row['pack']}), **{ms['pytorch'] / ms['pack']:.1f}×**, "
            f"{ms['jax'] / ms['pack']:.2f}× JAX",
            f"{ms['pack'] / ms['floor']:.2f}×",
            f"{regular / ms['one_regularised']:.1f}× and {regular / ms['pack_regularised']:.1f}×",
        ]
        yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
