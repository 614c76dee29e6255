"""What a strategy knows of the trials that have ended."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.search.scalars import Scalar


@dataclass(frozen=True)
class Observation:
    """One finished trial. NaN or infinity is no result: `value` and `tie_break` keep them as None."""

    number: int
    values: Mapping[str, Scalar]
    value: float | None  # what the search minimises; None if the trial failed
    tie_break: float | None = None  # the dev loss: a metric that counts rows has many ties early in a search
    was_pruned: bool = False  # its value is that of a training cut short

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", finite_or_none(self.value))
        object.__setattr__(self, "tie_break", finite_or_none(self.tie_break))

    @property
    def has_failed(self) -> bool:
        return self.value is None


def finite_or_none(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def ranked(observations: Iterable[Observation]) -> list[Observation]:
    """Return the best first: by value, then by tie break, then by number. Failed trials, or no tie break, come last."""
    return sorted(observations, key=lambda observation: (*standing(observation), observation.number))


def standing(observation: Observation) -> tuple[float, float]:
    """Return what compares results, whatever the number: the lower, the better."""
    return _worst_if_none(observation.value), _worst_if_none(observation.tie_break)


def _worst_if_none(value: float | None) -> float:
    return math.inf if value is None else value
