"""The sides of a box: which part of one parameter's values a round draws from, and how it narrows round good values.

A side is kept in the parameter's own units, because those come back from JSON to the last bit, and so do the draws.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from engine.errors import InvalidField
from engine.search.cells import CELLS
from engine.search.fields import read_list, read_number, read_object, shown
from engine.search.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter
from engine.search.scalars import Scalar
from engine.search.scales import SCALES

MIN_PADDING = 0.01  # of the parameter's range: a side round equal values still has some width
REACH = 0.2  # of the old side; measured to cut the error of an optimum on a border by a third to a half
EVEN_SHARE = 0.2  # of the draws, spread over all choices; 0.1 to 0.5 measured alike on noisy functions


@dataclass(frozen=True)
class FloatSide:
    """An interval [low, high] of a float parameter, uniform on the parameter's scale."""

    parameter: FloatParameter
    low: float
    high: float

    def __post_init__(self) -> None:
        _check_interval(self.parameter, self.low, self.high)

    def from_unit(self, unit: float) -> float:
        return SCALES[self.parameter.scale].from_unit(unit, self.low, self.high)

    def around(self, values: Sequence[Scalar], margin: float) -> "FloatSide":
        """Return the next side, spanning `values` (best first) with a margin on the scale: see `_span`."""
        low, high = _span(self, values, margin)
        return FloatSide(self.parameter, self.parameter.from_unit(low), self.parameter.from_unit(high))

    def placed(self, units: NDArray[np.float64]) -> NDArray[np.float64]:
        return _placed(self.parameter, self.low, self.high, units)

    def to_json(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high}

    def restored(self, document: object) -> "FloatSide":
        values = read_object("the side of a box", document, ["low", "high"], [])
        return FloatSide(self.parameter, read_number("low", values["low"]), read_number("high", values["high"]))


@dataclass(frozen=True)
class IntSide:
    """The integers low, low + step, …, high of an int parameter, as likely among themselves as on its scale."""

    parameter: IntParameter
    low: int
    high: int

    def __post_init__(self) -> None:
        _check_interval(self.parameter, self.low, self.high)

    def from_unit(self, unit: float) -> int:
        step = self.parameter.step
        return self.low + step * CELLS[self.parameter.scale].index(unit, self.low, self.high, step)

    def around(self, values: Sequence[Scalar], margin: float) -> "IntSide":
        """Return the next side, spanning `values` (best first) with a margin of at least one step: see `_span`."""
        parameter = self.parameter
        low, high = _span(self, values, margin, parameter.radius)
        return IntSide(parameter, parameter.from_unit(low), parameter.from_unit(high))

    def placed(self, units: NDArray[np.float64]) -> NDArray[np.float64]:
        return _placed(self.parameter, self.low, self.high, units)

    def to_json(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high}

    def restored(self, document: object) -> "IntSide":
        values = read_object("the side of a box", document, ["low", "high"], [])
        return IntSide(self.parameter, values["low"], values["high"])


@dataclass(frozen=True)
class ChoiceSide:
    """The choices of a categorical parameter, each as likely as its share of the weights."""

    parameter: CategoricalParameter
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        count = len(self.parameter.choices)
        if len(self.weights) != count or not all(0.0 < weight <= 1.0 for weight in self.weights):
            raise InvalidField(
                ("weights",), f"`weights` must be {count} numbers in (0, 1], one per choice, but got {self.weights}"
            )

    def from_unit(self, unit: float) -> Scalar:
        upper_ends = list(accumulate(self.weights))
        index = bisect_right(upper_ends, unit * upper_ends[-1])
        return self.parameter.choices[min(index, len(upper_ends) - 1)]

    def around(self, values: Sequence[Scalar], _margin: float) -> "ChoiceSide":
        """Return the next side, which favours each choice by how often it is among `values`.

            weight = (1 - EVEN_SHARE) · times seen / values + EVEN_SHARE / choices

        The second term keeps every choice in the search. There is no margin: choices have no order.
        """
        indices = [self.parameter.index(value) for value in values]
        count = len(self.parameter.choices)
        shares = (indices.count(index) / len(indices) for index in range(count))
        return ChoiceSide(self.parameter, tuple((1 - EVEN_SHARE) * share + EVEN_SHARE / count for share in shares))

    def placed(self, units: NDArray[np.float64]) -> NDArray[np.float64]:
        upper_ends = np.cumsum(self.weights)
        indices = np.searchsorted(upper_ends, units * upper_ends[-1], side="right")
        count = len(self.weights)
        return (np.minimum(indices, count - 1) + 0.5) / count

    def to_json(self) -> dict[str, Any]:
        return {"choices": list(self.parameter.choices), "weights": list(self.weights)}

    def restored(self, document: object) -> "ChoiceSide":
        values = read_object("the side of a box", document, ["choices", "weights"], [])
        choices, weights = read_list("choices", values["choices"]), read_list("weights", values["weights"])
        if [self.parameter.index(choice) for choice in choices] != list(range(len(self.parameter.choices))):
            known = list(self.parameter.choices)
            raise InvalidField(("choices",), f"`choices` must be {shown(known)}, but got {shown(choices)}")
        return ChoiceSide(self.parameter, tuple(read_number("weights", weight) for weight in weights))


Side = FloatSide | IntSide | ChoiceSide


def whole_side(parameter: Parameter) -> Side:
    """Return the side that holds all values of `parameter`, as likely as the parameter has them."""
    match parameter:
        case FloatParameter():
            return FloatSide(parameter, parameter.low, parameter.high)
        case IntParameter():
            return IntSide(parameter, parameter.low, parameter.high)
        case CategoricalParameter():
            count = len(parameter.choices)
            return ChoiceSide(parameter, (1 / count,) * count)


def _span(
    side: FloatSide | IntSide,
    values: Sequence[Scalar],
    margin: float,
    radius: Callable[[float], float] = lambda _: 0.0,
) -> tuple[float, float]:
    """Return the ends of the stretch round `values`, best first, that were drawn from `side`; in unit coordinates.

    It reaches from the lowest to the highest and beyond them by `margin` of that span. If the best lies near an end of
    the side, a better one may lie past it, so there the stretch reaches at least as far beyond the best:

        near = REACH · (upper end - lower end)

    That moves it out beyond the old end. `radius` is half the width of what the lowest and the highest value stand for.
    """
    numbers, to_unit = cast("Sequence[float]", values), side.parameter.to_unit
    lowest, highest = min(numbers), max(numbers)  # unit coordinates rise with them
    start, end, best = to_unit(side.low), to_unit(side.high), to_unit(numbers[0])
    padding = max(margin * (to_unit(highest) - to_unit(lowest)), MIN_PADDING)
    low, high = to_unit(lowest) - padding - radius(lowest), to_unit(highest) + padding + radius(highest)
    near = REACH * (end - start)
    if best - start <= near:
        low = min(low, best - near)
    if end - best <= near:
        high = max(high, best + near)
    return low, high


def _placed(
    parameter: FloatParameter | IntParameter, low: float, high: float, units: NDArray[np.float64]
) -> NDArray[np.float64]:
    start, end = parameter.to_unit(low), parameter.to_unit(high)
    return start + units * (end - start)


def _check_interval(parameter: FloatParameter | IntParameter, low: float, high: float) -> None:
    for field, value in (("low", low), ("high", high)):
        if not parameter.contains(value):
            raise InvalidField((field,), f"`{field}` must be a value of {parameter.name}, but got {shown(value)}")
    if low > high:
        raise InvalidField(("low",), f"`low <= high` must hold, but got (low={low}, high={high})")
