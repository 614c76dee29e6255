"""Grid search: all combinations of some values of each parameter."""

from dataclasses import dataclass
from typing import ClassVar

from engine.errors import InvalidField
from engine.search.fields import read_integer
from engine.search.lattice import Lattice
from engine.search.one_round import OneRound
from engine.search.scalars import Scalar
from engine.search.space import SearchSpace
from engine.seeding import Purpose, generator

MAX_POINTS = 1_000_000  # a grid that no budget comes near says nothing that random search does not say better
MAX_POINTS_PER_FLOAT = 1000


@dataclass(frozen=True)
class GridSearch(OneRound):
    """One round over a grid: `points` values of each float, evenly spread on its scale from end to end, and all values
    of every other parameter.

    The points come in an order that `seed` draws: a budget smaller than the grid tries a fair sample of it, and a
    larger one goes through it again, with other seeds of training. Most of its trials repeat what little matters, so
    random search finds better values (Bergstra and Bengio, JMLR 13, 2012); its place is a picture of few parameters.
    """

    type: ClassVar[str] = "grid"
    is_exhaustive: ClassVar[bool] = True

    points: int = 5

    def __post_init__(self) -> None:
        read_integer("points", self.points, 1, MAX_POINTS_PER_FLOAT)

    def check_space(self, space: SearchSpace) -> None:
        self._lattice(space)

    def _lattice(self, space: SearchSpace) -> Lattice:
        lattice = Lattice(space, self.points)
        if lattice.size > MAX_POINTS:
            raise InvalidField(
                ("points",),
                f"`points` must leave the grid at most {MAX_POINTS:,} points, but with {self.points} values of each "
                f"float and all of each other parameter it has {lattice.size:,}",
            )
        return lattice

    def values(self, space: SearchSpace, seed: int, numbers: range) -> list[dict[str, Scalar]]:
        lattice = self._lattice(space)
        order = generator(seed, Purpose.PROPOSAL).permutation(lattice.size).tolist()
        return [lattice.point(order[number % lattice.size]) for number in numbers]
