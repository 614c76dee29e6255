"""How long proposing takes, and how it grows with the trials that a study has behind it.

    python -m benchmarks.proposing [--rounds 5] [--json FILE]

On one core, in the largest of the ready-made spaces, which has conditions and choices: all proposals of a study of 100
trials, and a round of 8 after 100 and after 10,000 finished ones. Medians of interleaved runs.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from math import log10
from typing import Any

import numpy as np

from benchmarks.machine import described, keep_to_one_core
from benchmarks.report import options, tell
from benchmarks.timing import interleaved
from engine.search import READY_MADE, Observation, Scalar, Strategy, draw, minimize, strategy_from_json
from engine.search.box import Box

SPACE = READY_MADE["mlp-full"].given({})
TYPES = ("coarse_to_fine", "quasi_random", "random")
FEW, MANY = 100, 10_000
ROUND = 8


def main() -> None:
    asked = options(__doc__, rounds=5)
    keep_to_one_core()
    rows = [{"strategy": each, **_measured({"type": each}, asked.rounds)} for each in TYPES]
    tell({"machine": described(("numpy", "scipy")), "rows": rows}, _table(rows), asked.json)


def _measured(document: dict[str, str], rounds: int) -> dict[str, float]:
    strategy = strategy_from_json(document)
    seconds = interleaved(
        {
            "study": partial(minimize, _cost, SPACE, document, FEW, seed=0),
            "after few": partial(_next_round, strategy, _finished(FEW)),
            "after many": partial(_next_round, strategy, _finished(MANY)),
        },
        rounds,
    )
    return seconds | {"growth": seconds["after many"] / seconds["after few"]}


def _next_round(strategy: Strategy, finished: list[Observation]) -> None:
    before = strategy.round_sizes(len(finished))
    strategy.propose(SPACE, 0, len(before), (*before, ROUND), finished)


def _finished(trials: int) -> list[Observation]:
    drawn = draw(Box.whole(SPACE), 0, range(trials))
    noise = np.random.default_rng(0).standard_normal(trials)
    return [
        Observation(number, values, _cost(values) + 0.1 * luck)
        for number, (values, luck) in enumerate(zip(drawn, noise.tolist(), strict=True))
    ]


def _cost(values: Mapping[str, Scalar]) -> float:
    """Lowest at a learning rate of 0.01."""
    return abs(log10(float(values["learning_rate"])) + 2.0)


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield f"| | {FEW} trials in all | round of {ROUND} after {FEW} | after {MANY:,} | |"
    yield "|---|---|---|---|---|"
    for row in rows:
        milliseconds = (f"{1000 * row[name]:.1f} ms" for name in ("study", "after few", "after many"))
        yield f"| {row['strategy']} | {' | '.join(milliseconds)} | {row['growth']:.1f}× |"


if __name__ == "__main__":
    main()
