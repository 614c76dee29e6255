"""The box of a round: the region of a search space that its trials are drawn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.search.fields import read_object, within
from engine.search.scalars import Scalar
from engine.search.sides import Side, whole_side
from engine.search.space import SearchSpace

MIN_POINTS = 3  # a side round one or two points is luck: `around` leaves it, where no more have its parameter


@dataclass(frozen=True)
class Box:
    """One side per parameter of `space`, in the order of its parameters."""

    space: SearchSpace
    sides: tuple[Side, ...]

    @classmethod
    def whole(cls, space: SearchSpace) -> "Box":
        return cls(space, tuple(whole_side(parameter) for parameter in space.parameters))

    @classmethod
    def from_json(cls, space: SearchSpace, document: object) -> "Box":
        """Return the box that `to_json` wrote for `space`: it draws the same values to the last bit.

        Raises InvalidField if the document fits no box within `space`.
        """
        values = read_object("a box", document, required=space.names, optional=[])
        sides = []
        for parameter in space.parameters:
            with within(parameter.name):
                sides.append(whole_side(parameter).restored(values[parameter.name]))
        return cls(space, tuple(sides))

    def to_json(self) -> dict[str, Any]:
        return {side.parameter.name: side.to_json() for side in self.sides}

    def around(self, points: Sequence[Mapping[str, Scalar]], margin: float) -> "Box":
        """Return the next box, which spans `points` (best first) with a margin.

        It may move out beyond this box, but never beyond the space. The side of a parameter that few of the points
        have stays as it is.
        """
        return Box(self.space, tuple(_around(side, points, margin) for side in self.sides))

    def sample(self, generator: np.random.Generator) -> dict[str, Scalar]:
        """Draw the values of one trial, without the parameters whose conditions do not hold.

        Every parameter has a number of `generator` of its own, present or not: a condition shifts no other's draws.
        """
        return self.at(generator.random(len(self.sides)).tolist())

    def at(self, units: Sequence[float]) -> dict[str, Scalar]:
        """Return the values of the trial at these unit coordinates, one for each side, as `sample` draws them."""
        found = {side.parameter.name: side.from_unit(unit) for side, unit in zip(self.sides, units, strict=True)}
        return self.space.present(found)

    def placed(self, units: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where draws (draws, parameters) from [0, 1) lie in this box, as unit coordinates of the space."""
        return np.column_stack([side.placed(column) for side, column in zip(self.sides, units.T, strict=True)])


def _around(side: Side, points: Sequence[Mapping[str, Scalar]], margin: float) -> Side:
    name = side.parameter.name
    values = [point[name] for point in points if name in point]
    return side.around(values, margin) if len(values) >= min(MIN_POINTS, len(points)) else side
