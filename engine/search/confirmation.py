"""Finalists trained again: the best of many noisy values is partly luck, and fresh seeds take the luck away.

The lowest of n values that were measured with noise lies below its own mean, the further the more trials there are and
the more alike they are (the winner's curse). Fresh trainings know nothing of that luck.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean

from engine.errors import InvalidField
from engine.search.fields import read_integer

MAX_FINALISTS = 100
MAX_REPEATS = 32
DEFAULT_PERCENT = 15  # of the budget, at most


@dataclass(frozen=True)
class Confirmation:
    """How many of the best trials are trained again at the end of a search, and how often each."""

    finalists: int = 5
    repeats: int = 3

    def __post_init__(self) -> None:
        read_integer("finalists", self.finalists, 1, MAX_FINALISTS)
        read_integer("repeats", self.repeats, 1, MAX_REPEATS)

    @classmethod
    def for_budget(cls, trials: int) -> "Confirmation | None":
        """What is right for most searches of so many trials; None where they are too few to compare two finalists."""
        finalists = min(cls.finalists, DEFAULT_PERCENT * trials // 100 // cls.repeats)
        return cls(finalists) if finalists > 1 else None

    @property
    def trials(self) -> int:
        """What it takes of the budget."""
        return self.finalists * self.repeats

    def searched(self, trials: int) -> int:
        """How many of `trials` are left to search with. Raises InvalidField if that leaves fewer than finalists."""
        searched = trials - self.trials
        if searched < 1:
            message = (
                f"`trials` must be more than finalists · repeats, {self.trials}, which count into it, but got {trials}"
            )
            raise InvalidField(("trials",), message)
        if searched < self.finalists:
            message = (
                f"`finalists` must be at most the trials that are searched, {searched} (trials={trials} without "
                f"{self.trials} repeats), but got {self.finalists}"
            )
            raise InvalidField(("confirm", "finalists"), message)
        return searched


@dataclass(frozen=True)
class Finalist:
    """All that is known of a trial once it was trained again."""

    number: int
    costs: Sequence[float]  # of all its trainings that came to a value, those of the search among them
    tie_breaks: Sequence[float]
    failed_repeats: int = 0


def winner_of(finalists: Iterable[Finalist]) -> int:
    """Return the number of the finalist with the lowest mean cost; of equals, the lowest mean tie break, then number.

    One that failed when it was trained again comes after all that never did, whatever the mean of the rest.
    """
    return min(finalists, key=_rank).number


def _rank(finalist: Finalist) -> tuple[int, float, float, int]:
    return finalist.failed_repeats, mean(finalist.costs), mean(finalist.tie_breaks), finalist.number
