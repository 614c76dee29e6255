"""The points of a grid over a search space, numbered. A point without a parameter is one, whatever that would be."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import InvalidField
from engine.search.parameters import CategoricalParameter, FloatParameter, Parameter
from engine.search.scalars import Scalar, identity
from engine.search.space import SearchSpace

MAX_STATES = 10_000  # ways in which conditions can come out, counted apart: a second, and far more than people write


class Lattice:
    """All combinations of `points` values of each float, evenly spread on its scale, and of all values of the rest.

    Without conditions a point's number is a mixed-radix number, with a digit for each parameter: the first one is the
    most significant. With conditions the number of points below a digit hangs on the digits before, but only through
    the values that later conditions ask for; it is counted once for each way these come out.
    """

    def __init__(self, space: SearchSpace, points: int) -> None:
        self._space = space
        self._points = points
        self._asked = [_asked_later(space, position) for position in range(len(space.parameters) + 1)]
        self._counts: dict[Any, int] = {}
        self.size = self._count(0, {})

    def point(self, number: int) -> dict[str, Scalar]:
        """Return the values of point `number`, from 0 to size - 1."""
        values: dict[str, Scalar] = {}
        for position, parameter in enumerate(self._space.parameters):
            if all(condition.holds(values) for condition in parameter.when):
                number, values[parameter.name] = self._digit(position, values, number)
        return values

    def _digit(self, position: int, values: Mapping[str, Scalar], number: int) -> tuple[int, Scalar]:
        """Return what is left of `number` for the parameters after `position`, and the value of that one."""
        parameter = self._space.parameters[position]
        asked = self._values_asked(position)
        for value in asked:
            below = self._count(position + 1, {**values, parameter.name: value})
            if number < below:
                return number, value
            number -= below
        below = self._count(position + 1, {**values, parameter.name: _OTHER})
        index, left = divmod(number, below)
        return left, self._value(parameter, _skipping(index, [_index(parameter, value) for value in asked]))

    def _count(self, position: int, values: Mapping[str, Any]) -> int:
        """Return how many points there are of the parameters from `position` on, after these values."""
        if position == len(self._space.parameters):
            return 1
        state = (position, *((name, identity(values[name])) for name in self._asked[position] if name in values))
        if state not in self._counts:
            if len(self._counts) >= MAX_STATES:
                rule = f"its conditions can come out in more than {MAX_STATES:,} ways"
                raise InvalidField(("type",), f"`type` cannot be grid for this search space: {rule}")
            self._counts[state] = self._count_anew(position, values)
        return self._counts[state]

    def _count_anew(self, position: int, values: Mapping[str, Any]) -> int:
        parameter = self._space.parameters[position]
        if not all(condition.holds(values) for condition in parameter.when):
            return self._count(position + 1, values)
        asked = self._values_asked(position)
        count = sum(self._count(position + 1, {**values, parameter.name: value}) for value in asked)
        others = self._length(parameter) - len(asked)
        return count + (others * self._count(position + 1, {**values, parameter.name: _OTHER}) if others else 0)

    def _values_asked(self, position: int) -> Sequence[Scalar]:
        return self._asked[position + 1].get(self._space.parameters[position].name, ())

    def _length(self, parameter: Parameter) -> int:
        match parameter:
            case FloatParameter():
                return self._points
            case CategoricalParameter():
                return len(parameter.choices)
            case _:
                return parameter.count

    def _value(self, parameter: Parameter, index: int) -> Scalar:
        match parameter:
            case FloatParameter():
                return parameter.from_unit(index / (self._points - 1) if self._points > 1 else 0.5)
            case CategoricalParameter():
                return parameter.choices[index]
            case _:
                return parameter.at(index)


_OTHER = "\0any value that no condition asks for"  # no value of a parameter: those are printable


def _asked_later(space: SearchSpace, position: int) -> dict[str, list[Scalar]]:
    """Return, by name, the values that conditions from `position` on ask for."""
    found: dict[str, dict[tuple[bool, Scalar], Scalar]] = {}
    for parameter in space.parameters[position:]:
        for condition in parameter.when:
            found.setdefault(condition.name, {}).update((identity(value), value) for value in condition.values)
    return {name: list(values.values()) for name, values in found.items()}


def _index(parameter: Parameter, value: Scalar) -> int:
    assert not isinstance(parameter, FloatParameter)  # no condition is about one
    return parameter.index(value)


def _skipping(index: int, skipped: Sequence[int]) -> int:
    """Return the number at `index` among those from 0 on that are not `skipped`."""
    for each in sorted(skipped):
        if each <= index:
            index += 1
    return index
