"""Quasi-random search: points that fill the space more evenly than chance does."""

from dataclasses import dataclass
from typing import ClassVar

from engine.search.box import Box
from engine.search.one_round import OneRound
from engine.search.scalars import Scalar
from engine.search.space import SearchSpace
from engine.seeding import Purpose, generator


@dataclass(frozen=True)
class QuasiRandomSearch(OneRound):
    """One round over the whole space, at the points of a scrambled Sobol sequence.

    Any 2^k trials from the first on put equally many into each half, quarter, … of every parameter's scale, where
    random ones leave gaps and clumps. The scrambling is drawn from `seed` (Owen, "Scrambling Sobol' and
    Niederreiter-Xing points", Journal of Complexity 14, 1998). A parameter that a condition leaves out keeps its
    dimension, so a condition shifts no other values.
    """

    type: ClassVar[str] = "quasi_random"

    def values(self, space: SearchSpace, seed: int, numbers: range) -> list[dict[str, Scalar]]:
        from scipy.stats import qmc  # here, because SciPy takes a second to load

        whole = Box.whole(space)
        sequence = qmc.Sobol(len(space.parameters), rng=generator(seed, Purpose.PROPOSAL))
        points = sequence.random_base2((numbers.stop - 1).bit_length())  # other lengths come with a warning
        return [whole.at(units) for units in points[numbers.start : numbers.stop].tolist()]
