"""What larger rounds save: they train in larger packs. What they cost, benchmarks/search.py tells.

    python -m benchmarks.round_sizes [--trials 200] [--rounds 3] [--json FILE]

Whole studies over HTTP with rounds of 8, 16 and 32, in turn: seconds from submission to the end, medians.
"""

import statistics
from collections.abc import Iterator
from typing import Any

from app.client import Client
from benchmarks.machine import described
from benchmarks.report import options, tell
from benchmarks.searched import searched_digits
from benchmarks.service import running_service, timed_study

WORKERS = 2
SIZES = (8, 16, 32)


def main() -> None:
    asked = options(__doc__, trials=200, rounds=3)
    with running_service(WORKERS) as client:
        rows = [_study(client, asked.trials, seed, size) for seed in range(asked.rounds) for size in SIZES]
    report = {"machine": described(("numpy",)), "trials": asked.trials, "rows": rows}
    tell(report, _table(report), asked.json)


def _study(client: Client, trials: int, seed: int, size: int) -> dict[str, Any]:
    strategy = {"type": "coarse_to_fine", "round_size": size}
    seconds, study = timed_study(client, searched_digits(seed, trials) | {"strategy": strategy})
    return {"round_size": size, "seed": seed, "seconds": seconds, "mean_pack_size": study["mean_pack_size"]}


def _table(report: dict[str, Any]) -> Iterator[str]:
    yield f"| rounds of | {report['trials']} trials | mean pack |"
    yield "|---|---|---|"
    for size in SIZES:
        rows = [row for row in report["rows"] if row["round_size"] == size]
        seconds, pack = (statistics.median(row[name] for row in rows) for name in ("seconds", "mean_pack_size"))
        yield f"| {size} | {seconds:.1f} s | {pack:.1f} |"


if __name__ == "__main__":
    main()
