"""Quasi-random search: points that fill the space more evenly than chance does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.search.box import Box
from engine.search.fields import MAX_TRIALS, read_integer
from engine.search.history import Observation
from engine.search.proposals import Proposals, numbers_of
from engine.search.space import SearchSpace
from engine.seeding import Purpose, generator


@dataclass(frozen=True)
class QuasiRandomSearch:
    """One round over the whole space, at the points of a scrambled Sobol sequence.

    Any 2^k trials from the first on put equally many into each half, quarter, … of every parameter's scale, where
    random ones leave gaps and clumps. The scrambling is drawn from `seed` (Owen, "Scrambling Sobol' and
    Niederreiter-Xing points", Journal of Complexity 14, 1998). A parameter that a condition leaves out keeps its
    dimension, so a condition shifts no other values.
    """

    type: ClassVar[str] = "quasi_random"
    is_exhaustive: ClassVar[bool] = False

    def check_space(self, space: SearchSpace) -> None:
        """Any space will do."""

    def round_sizes(self, trials: int) -> tuple[int, ...]:
        return (read_integer("trials", trials, 1, MAX_TRIALS),)

    def propose(
        self, space: SearchSpace, seed: int, number: int, sizes: Sequence[int], _observations: Sequence[Observation]
    ) -> Proposals:
        from scipy.stats import qmc  # here, because SciPy takes a second to load

        whole, trials = Box.whole(space), numbers_of(number, sizes)
        sequence = qmc.Sobol(len(space.parameters), rng=generator(seed, Purpose.PROPOSAL))
        points = sequence.random_base2((trials.stop - 1).bit_length())  # other lengths come with a warning
        return Proposals([whole.at(units) for units in points[trials.start : trials.stop].tolist()], whole)

    def elites(self, _number: int, _sizes: Sequence[int], _observations: Sequence[Observation]) -> list[int]:
        return []

    def to_json(self) -> dict[str, Any]:
        return {"type": self.type}
