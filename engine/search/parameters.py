"""The parameters of a search space: a name, the values it may take, and where each lies on the unit interval.

A unit coordinate drawn uniformly from [0, 1) gives a value with the parameter's distribution. Values are plain
JSON types, never NumPy's, so that they can be stored, hashed and compared as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.errors import InvalidField
from engine.search.cells import CELLS, cell, value_count
from engine.search.conditions import Conditions, conditions_to_json, read_conditions
from engine.search.fields import read_choice, read_integer, read_number, read_text, read_typed, shown, within
from engine.search.scalars import Scalar, identity, is_among, read_scalars
from engine.search.scales import SCALES

MAX_INTEGER = 10**15  # up to here the unit coordinates of neighbouring integers are distinct floats


@dataclass(frozen=True)
class FloatParameter:
    """A real number in [low, high], uniform on `scale`: linear, log (low > 0) or reverse_log (high < 1)."""

    type: ClassVar[str] = "float"

    name: str
    low: float
    high: float
    scale: str = "linear"
    when: Conditions = ()

    def __post_init__(self) -> None:
        read_text("name", self.name)
        object.__setattr__(self, "low", read_number("low", self.low))
        object.__setattr__(self, "high", read_number("high", self.high))
        read_choice("scale", self.scale, SCALES)
        _check_order(self.low, self.high)
        SCALES[self.scale].check_range(self.low, self.high)
        object.__setattr__(self, "when", read_conditions(self.when))

    def contains(self, value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high

    def from_unit(self, unit: float) -> float:
        return SCALES[self.scale].from_unit(unit, self.low, self.high)

    def to_unit(self, value: Scalar) -> float:
        _check_contained(self, value)
        return SCALES[self.scale].to_unit(float(value), self.low, self.high)

    def to_json(self) -> dict[str, Any]:
        range_ = {"name": self.name, "type": self.type, "low": self.low, "high": self.high, "scale": self.scale}
        return range_ | conditions_to_json(self.when)


@dataclass(frozen=True)
class IntParameter:
    """One of low, low + step, …, high, each with a cell of the unit interval: equal ones, or on a log `scale` narrower
    and narrower ones (low > step / 2); see `cells`."""

    type: ClassVar[str] = "int"

    name: str
    low: int
    high: int
    step: int = 1
    scale: str = "linear"
    when: Conditions = ()

    def __post_init__(self) -> None:
        read_text("name", self.name)
        read_integer("low", self.low, -MAX_INTEGER, MAX_INTEGER)
        read_integer("high", self.high, -MAX_INTEGER, MAX_INTEGER)
        read_integer("step", self.step, 1, MAX_INTEGER)
        _check_order(self.low, self.high)
        self._check_step()
        read_choice("scale", self.scale, CELLS)
        CELLS[self.scale].check_range(self.low, self.high, self.step)
        object.__setattr__(self, "when", read_conditions(self.when))

    def _check_step(self) -> None:
        excess = (self.high - self.low) % self.step
        if excess == 0:
            return
        below, above = self.high - excess, self.high - excess + self.step
        fitting = below if below > self.low and self.high - below <= above - self.high else above
        raise InvalidField(
            ("high",),
            f"`high - low` must be a multiple of `step`, but got (low={self.low}, high={self.high}, "
            f"step={self.step}): the nearest fitting high is {fitting}",
        )

    @property
    def count(self) -> int:
        """How many values there are."""
        return value_count(self.low, self.high, self.step)

    def contains(self, value: object) -> bool:
        return type(value) is int and self.low <= value <= self.high and (value - self.low) % self.step == 0

    def at(self, index: int) -> int:
        return self.low + self.step * index

    def index(self, value: Scalar) -> int:
        _check_contained(self, value)
        return (int(value) - self.low) // self.step

    def from_unit(self, unit: float) -> int:
        return self.at(CELLS[self.scale].index(unit, self.low, self.high, self.step))

    def to_unit(self, value: Scalar) -> float:
        """Return the middle of the value's cell."""
        return sum(self.cell_of(value)) / 2

    def cell_of(self, value: Scalar) -> tuple[float, float]:
        """Return the ends of the value's cell on the unit interval."""
        index, cells = self.index(value), CELLS[self.scale]
        low, high = (cells.start(end, self.low, self.high, self.step) for end in (index, index + 1))
        return low, high

    def radius(self, value: Scalar) -> float:
        """Return half the width of the value's cell."""
        start, end = self.cell_of(value)
        return (end - start) / 2

    def to_json(self) -> dict[str, Any]:
        range_ = {"name": self.name, "type": self.type, "low": self.low, "high": self.high}
        return range_ | {"step": self.step, "scale": self.scale} | conditions_to_json(self.when)


@dataclass(frozen=True)
class CategoricalParameter:
    """One of some choices without order, all equally likely: text, numbers, true or false.

    True and 1 are different choices though Python calls them equal; 1 and 1.0 are the same one.
    """

    type: ClassVar[str] = "categorical"

    name: str
    choices: tuple[Scalar, ...]
    when: Conditions = ()

    def __post_init__(self) -> None:
        read_text("name", self.name)
        with within("choices"):
            object.__setattr__(self, "choices", read_scalars("choices", self.choices))
        object.__setattr__(self, "when", read_conditions(self.when))

    def contains(self, value: object) -> bool:
        return is_among(value, self.choices)

    def index(self, value: Scalar) -> int:
        _check_contained(self, value)
        return [identity(choice) for choice in self.choices].index(identity(value))

    def from_unit(self, unit: float) -> Scalar:
        return self.choices[cell(unit, len(self.choices))]

    def to_unit(self, value: Scalar) -> float:
        """Return the middle of the value's cell."""
        return (self.index(value) + 0.5) / len(self.choices)

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "type": self.type, "choices": list(self.choices)} | conditions_to_json(self.when)


Parameter = FloatParameter | IntParameter | CategoricalParameter

_TYPES: Mapping[str, type[FloatParameter] | type[IntParameter] | type[CategoricalParameter]] = {
    parameter.type: parameter for parameter in (FloatParameter, IntParameter, CategoricalParameter)
}


def parameter_from_json(document: object) -> Parameter:
    """Return the parameter that `document` describes; raises InvalidField with the path from the document."""
    return read_typed("a parameter", document, _TYPES)


def _check_order(low: float, high: float) -> None:
    if low >= high:
        raise InvalidField(("low",), f"`low < high` must hold, but got (low={low}, high={high})")


def _check_contained(parameter: Parameter, value: Scalar) -> None:
    if not parameter.contains(value):
        raise InvalidField((parameter.name,), f"`{parameter.name}` cannot be {shown(value)}: {parameter.to_json()}")
