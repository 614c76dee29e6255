"""Grid search: all combinations of some values of each parameter."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from engine.errors import InvalidField
from engine.search.box import Box
from engine.search.fields import MAX_TRIALS, read_integer
from engine.search.history import Observation
from engine.search.lattice import Lattice
from engine.search.proposals import Proposals, numbers_of
from engine.search.space import SearchSpace
from engine.seeding import Purpose, generator

MAX_POINTS = 1_000_000  # a grid that no budget comes near says nothing that random search does not say better
MAX_POINTS_PER_FLOAT = 1000


@dataclass(frozen=True)
class GridSearch:
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

    def round_sizes(self, trials: int) -> tuple[int, ...]:
        return (read_integer("trials", trials, 1, MAX_TRIALS),)

    def propose(
        self, space: SearchSpace, seed: int, number: int, sizes: Sequence[int], _observations: Sequence[Observation]
    ) -> Proposals:
        lattice = self._lattice(space)
        order = generator(seed, Purpose.PROPOSAL).permutation(lattice.size).tolist()
        points = (order[trial % lattice.size] for trial in numbers_of(number, sizes))
        return Proposals([lattice.point(point) for point in points], Box.whole(space))

    def elites(self, _number: int, _sizes: Sequence[int], _observations: Sequence[Observation]) -> list[int]:
        return []

    def to_json(self) -> dict[str, Any]:
        return {"type": self.type, **asdict(self)}
