"""A whole study over HTTP against the same trials with Optuna and PyTorch, on the same cores.

    python -m benchmarks.study [--trials 200] [--rounds 3] [--json FILE]

Ours is what a user does: submit to a running service, wait for the end. Its peer is what a user without it writes:
Optuna with its storage in SQLite, and one process per core that asks, trains in PyTorch and tells. The peer is given
the very values that our study tried, so both train the same networks and it spends no time on choosing.
"""

import statistics
import time
from collections.abc import Iterator
from typing import Any

from app.client import Client
from app.dispatch.packing import width_step
from benchmarks.machine import described
from benchmarks.peers import optuna_pytorch
from benchmarks.report import options, tell
from benchmarks.searched import SPACE, TRAINING, searched_digits
from benchmarks.service import running_service, timed_study
from engine.search import SearchSpace
from engine.training import TrainingPlan, load_dataset, train_pack
from engine.training.costs import best_members
from engine.training.data_shape import DataShape
from engine.training.packing import group_by_key

CORES = 2

Trials = list[dict[str, Any]]


def main() -> None:
    asked = options(__doc__, trials=200, rounds=3)
    rows = []
    with running_service(CORES) as client:
        for seed in range(asked.rounds):
            seconds, study, trials = _ours(client, asked.trials, seed)
            theirs = optuna_pytorch.run([trial["values"] for trial in trials], TRAINING, CORES)
            rows.append(
                {
                    "seconds": seconds,
                    "optuna_pytorch_seconds": theirs,
                    "best": study["best_trial"]["value"],
                    "mean_pack_size": study["mean_pack_size"],
                    "share_of_best_packs": _best_pack_seconds(trials) / CORES / seconds,
                }
            )
    report = {"machine": described(("numpy", "torch", "optuna")), "trials": asked.trials, "rows": rows}
    tell(report, _table(report), asked.json)


def _ours(client: Client, trials: int, seed: int) -> tuple[float, dict[str, Any], Trials]:
    """Seconds from submission to the complete study, what it answers, and its trials."""
    seconds, study = timed_study(client, searched_digits(seed, trials))
    return seconds, study, list(client.trials(study["id"]))


def _best_pack_seconds(trials: Trials) -> float:
    """What the trials would take one core if each had trained in a full pack of its key."""
    dataset = load_dataset("digits")
    shape = DataShape.of(dataset)
    step = width_step(SearchSpace.from_json(SPACE))
    plans = [
        TrainingPlan.from_values(TRAINING | trial["values"], trial["number"], "error_rate", step) for trial in trials
    ]
    total = 0.0
    for group in group_by_key(plans):
        members = best_members(plans[group[0]], shape)
        pack = [plans[group[place % len(group)]] for place in range(members)]
        start = time.perf_counter()
        train_pack(pack, dataset)
        total += (time.perf_counter() - start) / members * len(group)
    return total


def _table(report: dict[str, Any]) -> Iterator[str]:
    rows = report["rows"]

    def median(name: str) -> float:
        return statistics.median(row[name] for row in rows)

    ratio = statistics.median(row["optuna_pytorch_seconds"] / row["seconds"] for row in rows)
    yield f"| {report['trials']} trials on {CORES} cores | Optuna, PyTorch | Parfocal | | mean pack | of best packs |"
    yield "|---|---|---|---|---|---|"
    yield (
        f"| median of {len(rows)} | {median('optuna_pytorch_seconds'):.1f} s | {median('seconds'):.1f} s "
        f"| **{ratio:.1f}×** | {median('mean_pack_size'):.1f} | {median('share_of_best_packs'):.0%} |"
    )


if __name__ == "__main__":
    main()
