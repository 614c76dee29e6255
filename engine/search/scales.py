"""Scales: where the values of a float parameter lie dense when its unit coordinate is drawn uniformly."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping

from engine.errors import InvalidField


class Scale(ABC):
    """A rising map of a range [low, high] onto a stretch of a line, and with it onto the unit interval.

    Equal stretches of the line are equally likely: with position = onto_line(x),

        unit = (position - onto_line(low)) / (onto_line(high) - onto_line(low))
    """

    @abstractmethod
    def onto_line(self, value: float) -> float: ...

    @abstractmethod
    def from_line(self, position: float) -> float: ...

    @abstractmethod
    def check_range(self, low: float, high: float) -> None:
        """Raise InvalidField if the scale has no place for a range [low, high] of finite numbers, low < high."""

    def from_unit(self, unit: float, low: float, high: float) -> float:
        """Return the value at `unit`: never outside [low, high], and exactly a border at 0, at 1 and beyond."""
        if unit <= 0.0:
            return low
        if unit >= 1.0:
            return high
        start, end = self.onto_line(low), self.onto_line(high)
        return min(max(self.from_line(start + unit * (end - start)), low), high)

    def to_unit(self, value: float, low: float, high: float) -> float:
        """Return the unit coordinate in [0, 1] of a value in [low, high]."""
        start, end = self.onto_line(low), self.onto_line(high)
        if start == end:  # low and high are so close that the scale cannot tell them apart
            return 0.5
        return min(max((self.onto_line(value) - start) / (end - start), 0.0), 1.0)


class Linear(Scale):
    """x itself is uniform."""

    def onto_line(self, value: float) -> float:
        return value

    def from_line(self, position: float) -> float:
        return position

    def check_range(self, low: float, high: float) -> None:
        if not math.isfinite(high - low):
            raise InvalidField(("high",), f"`high - low` must be a finite number, but got (low={low}, high={high})")


class Log(Scale):
    """log x is uniform: as many draws between 0.001 and 0.01 as between 0.01 and 0.1."""

    def onto_line(self, value: float) -> float:
        return math.log(value)

    def from_line(self, position: float) -> float:
        return math.exp(position)

    def check_range(self, low: float, high: float) -> None:
        if low <= 0.0:
            raise InvalidField(("low",), f"`low > 0` must hold on a log scale, but got (low={low}, high={high})")


class ReverseLog(Scale):
    """1 - x is log-uniform: as many draws between 0.9 and 0.99 as between 0.99 and 0.999.

    The right scale for what averages over 1/(1 - x) steps, such as momentum. It is not the log scale mirrored
    within the range, which puts only a tenth of the draws from [0.9, 0.999] above 0.99.

    The line is -log(1 - x). `log1p` and `expm1` keep full precision where x is small; near 1 the difference
    1 - x is exact in floating point.
    """

    def onto_line(self, value: float) -> float:
        return -math.log1p(-value)

    def from_line(self, position: float) -> float:
        return -math.expm1(-position)

    def check_range(self, low: float, high: float) -> None:
        if high >= 1.0:
            raise InvalidField(
                ("high",), f"`high < 1` must hold on a reverse_log scale, but got (low={low}, high={high})"
            )


SCALES: Mapping[str, Scale] = {"linear": Linear(), "log": Log(), "reverse_log": ReverseLog()}
