"""Pruning by a short first training of everybody, after which only the best are trained for longer."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from engine.search.fields import read_integer
from engine.search.history import Observation, ranked

MAX_MIN_EPOCHS = 100_000
MAX_REDUCTION_FACTOR = 100


@dataclass(frozen=True)
class SuccessiveHalving:
    """Trains all trials of a round for `min_epochs`, the best of them again and longer, and so on, rung by rung.

    On each rung one of `reduction_factor` trials, rounded up, goes on to the next, which is as many times longer; the
    others are pruned. The last rung has no end of its own: its trials train as long as they would have without pruning,
    and so should one that is alone on its rung.
    Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", AISTATS 2016.

    A rung ends when all its trials have: who goes on depends neither on the number of workers nor on who ends first,
    as it would where each goes on as soon as it is among the best so far (Li and others, ASHA, MLSys 2020). A trial
    that goes on is trained anew, since no weights are kept between rungs; its first epochs come out as they did.
    """

    type: ClassVar[str] = "successive_halving"
    needs_rounds: ClassVar[bool] = False  # it compares the trials of one round with each other

    min_epochs: int = 3
    reduction_factor: int = 3

    def __post_init__(self) -> None:
        read_integer("min_epochs", self.min_epochs, 1, MAX_MIN_EPOCHS)
        read_integer("reduction_factor", self.reduction_factor, 2, MAX_REDUCTION_FACTOR)

    def epochs(self, rung: int) -> int:
        """Return after how many epochs trials are stopped on `rung`, counted from 0."""
        return self.min_epochs * self.reduction_factor**rung

    def going_on(self, rung: Sequence[Observation]) -> list[int]:
        """Return the numbers of the trials of a rung that are good enough for the next, best first.

        Failed trials never are, yet they count: others do not take their places.
        """
        places = math.ceil(len(rung) / self.reduction_factor)
        return [trial.number for trial in ranked(rung)[:places] if not trial.has_failed]

    def to_json(self) -> dict[str, Any]:
        return {"type": self.type, **asdict(self)}
