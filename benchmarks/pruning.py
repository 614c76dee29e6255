"""What each pruning saves and what it costs: real studies on the digits with and without it, over paired seeds.

    python -m benchmarks.pruning [--trials 200] [--seeds 10] [--json FILE]

The studies of one seed differ in their pruning alone, and all stop early. What is compared are the epochs trained
after round 0, those that successive halving trains again among them, the time from submission to the end, and the
winner's dev error, with the 95 % interval of the mean paired difference.
"""

import math
import statistics
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from scipy import stats

from app.client import Client
from benchmarks.machine import described
from benchmarks.report import options, tell
from benchmarks.service import running_service, timed_study

WORKERS = 2
TRAININGS: dict[str, dict[str, Any]] = {
    "30 epochs, patience 5": {"epochs": 30, "early_stopping_patience": 5},
    "50 epochs, patience 10": {"epochs": 50, "early_stopping_patience": 10},
}
PRUNINGS = ("stop_curve", "successive_halving")


def main() -> None:
    asked = options(__doc__, trials=200, seeds=10)
    rows = []
    with running_service(WORKERS) as client:
        for name, training in TRAININGS.items():
            for seed in range(asked.seeds):
                without = _study(client, training, asked.trials, seed, None)
                pruned = {each: _study(client, training, asked.trials, seed, {"type": each}) for each in PRUNINGS}
                rows.append({"training": name, "seed": seed, "without": without, **pruned})
    report = {"machine": described(("numpy",)), "trials": asked.trials, "seeds": asked.seeds, "rows": rows}
    tell(report, _table(report), asked.json)


def _study(
    client: Client, training: dict[str, Any], trials: int, seed: int, pruning: dict[str, Any] | None
) -> dict[str, Any]:
    """Run one study and tell what it took and found."""
    seconds, study = timed_study(
        client,
        {
            "seed": seed,
            "objective": {"dataset": "digits", "training": training},
            "pruning": pruning,
            "trials": trials,
        },
    )
    later = [trial for trial in client.trials(study["id"]) if trial["round"] > 0]
    return {
        "seconds": seconds,
        "epochs": sum(trial["epochs"] for trial in later) + _trained_again(client, study),
        "pruned": study["counts"]["pruned"],
        "error": study["winner"]["value"],
    }


def _trained_again(client: Client, study: dict[str, Any]) -> int:
    """The epochs after round 0 of trials that went on to a next rung: those on the rung before, for nothing."""
    rungs = [row["rungs"] or [] for row in client.rounds(study["id"])[1:]]
    return sum(low["epochs"] * len(high["trials"]) for each in rungs for low, high in pairwise(each))


def _table(report: dict[str, Any]) -> Iterator[str]:
    yield (
        f"| {report['trials']} trials, {report['seeds']} seeds | epochs after round 0, without and with "
        "| saved | pruned | dev error, without and with | difference, points, 95 % interval | time |"
    )
    yield "|---" * 7 + "|"
    for name in TRAININGS:
        for pruning in PRUNINGS:
            yield _row(name, pruning, [row for row in report["rows"] if row["training"] == name])


def _row(name: str, pruning: str, rows: Sequence[dict[str, Any]]) -> str:
    without, pruned = ([row[side] for row in rows] for side in ("without", pruning))
    saved = 1 - _mean(pruned, "epochs") / _mean(without, "epochs")
    differences = [100 * (b["error"] - a["error"]) for a, b in zip(without, pruned, strict=True)]
    low, high = _interval(differences)
    return (
        f"| {name}: {pruning} | {_mean(without, 'epochs'):.0f}, {_mean(pruned, 'epochs'):.0f} | **{saved:.0%}** "
        f"| {_mean(pruned, 'pruned'):.0f} | {_mean(without, 'error'):.3%}, {_mean(pruned, 'error'):.3%} "
        f"| {statistics.mean(differences):+.3f} ({low:+.3f} … {high:+.3f}) "
        f"| {_mean(pruned, 'seconds') / _mean(without, 'seconds'):.0%} |"
    )


def _mean(sides: Sequence[dict[str, Any]], name: str) -> float:
    return statistics.mean(side[name] for side in sides)


def _interval(differences: Sequence[float]) -> tuple[float, float]:
    mean, count = statistics.mean(differences), len(differences)
    spread = float(stats.t.ppf(0.975, count - 1)) * statistics.stdev(differences) / math.sqrt(count)
    return mean - spread, mean + spread


if __name__ == "__main__":
    main()
