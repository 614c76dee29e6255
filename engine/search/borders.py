"""Borders of the search space that the best trial lies on: a better one may lie beyond."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from engine.search.parameters import CategoricalParameter, IntParameter, Parameter
from engine.search.scalars import Scalar
from engine.search.space import SearchSpace

BORDER_WIDTH = 0.02  # of the range on its scale: by chance alone a best trial lies there once in 25 searches
MIN_COUNT = 10  # among fewer integers the best is the first or the last too often by chance to mean anything


@dataclass(frozen=True)
class Border:
    """One end of a numeric parameter's range."""

    parameter: str
    end: Literal["lower", "upper"]
    value: float

    def warning(self) -> str:
        return f"best {self.parameter} lies on the {self.end} border {self.value}: widen the space"


def touched_borders(space: SearchSpace, values: Mapping[str, Scalar]) -> list[Border]:
    """Return the borders of `space` that a trial with `values` lies on, or so near that it makes no difference.

    Only of numeric parameters; choices have no order, and a range of few integers says too little.
    """
    present = (parameter for parameter in space.parameters if parameter.name in values)
    return [border for parameter in present for border in _touched(parameter, values[parameter.name])]


def _touched(parameter: Parameter, value: Scalar) -> Iterator[Border]:
    if isinstance(parameter, CategoricalParameter):
        return
    if isinstance(parameter, IntParameter) and parameter.count < MIN_COUNT:
        return
    unit = parameter.to_unit(value)
    if value == parameter.low or unit <= BORDER_WIDTH:
        yield Border(parameter.name, "lower", parameter.low)
    if value == parameter.high or unit >= 1 - BORDER_WIDTH:
        yield Border(parameter.name, "upper", parameter.high)
