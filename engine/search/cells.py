"""Where the values of an int parameter lie on the unit interval: each owns a cell of it, and so a share of the draws.

A scale of integers tells from a unit coordinate which cell it lies in, and where a cell begins. The values are counted
by their index, from 0 for the lowest.
"""

import math
from collections.abc import Mapping
from typing import Protocol

from engine.errors import InvalidField

MAX_LOG_STEPS = 10**12  # of `high`, in steps: farther up the cells of a log scale are too narrow for a float to hit


class Cells(Protocol):
    def start(self, index: int, low: int, high: int, step: int) -> float:
        """Return where the cell of value number `index` begins; the next one begins where it ends."""

    def index(self, unit: float, low: int, high: int, step: int) -> int:
        """Return in which cell of the range `unit` lies."""

    def check_range(self, low: int, high: int, step: int) -> None:
        """Raise InvalidField if the scale has no place for the range."""


class EvenCells:
    """All values are equally likely."""

    def start(self, index: int, low: int, high: int, step: int) -> float:
        return index / value_count(low, high, step)

    def index(self, unit: float, low: int, high: int, step: int) -> int:
        return cell(unit, value_count(low, high, step))

    def check_range(self, low: int, high: int, step: int) -> None:
        """Any range has its place."""


class LogCells:
    """A value's cell is as wide as the stretch of half a step to both of its sides, on a log scale:

        share of the draws = log((value + step/2) / (value - step/2)) / log((high + step/2) / (low - step/2))

    With a step of 1, about as many draws fall on 1 to 9 as on 10 to 99.
    """

    def start(self, index: int, low: int, high: int, step: int) -> float:
        lowest = low - step / 2
        return math.log1p(index * step / lowest) / math.log((high + step / 2) / lowest)

    def index(self, unit: float, low: int, high: int, step: int) -> int:
        lowest = low - step / 2
        above = lowest * math.expm1(unit * math.log((high + step / 2) / lowest))
        return min(max(int(above / step), 0), value_count(low, high, step) - 1)

    def check_range(self, low: int, high: int, step: int) -> None:
        if 2 * low <= step:
            message = f"`low > step / 2` must hold on a log scale, but got (low={low}, high={high}, step={step})"
            raise InvalidField(("low",), message)
        if high > MAX_LOG_STEPS * step:
            message = f"`high <= {MAX_LOG_STEPS} * step` must hold on a log scale, but got (high={high}, step={step})"
            raise InvalidField(("high",), message)


CELLS: Mapping[str, Cells] = {"linear": EvenCells(), "log": LogCells()}


def value_count(low: int, high: int, step: int) -> int:
    return (high - low) // step + 1


def cell(unit: float, cells: int) -> int:
    """Return in which of so many equal cells of the unit interval `unit` lies."""
    return min(max(int(unit * cells), 0), cells - 1)
