"""Random search: every trial is drawn from the whole space."""

from dataclasses import dataclass
from typing import ClassVar

from engine.search.box import Box
from engine.search.one_round import OneRound
from engine.search.proposals import draw
from engine.search.scalars import Scalar
from engine.search.space import SearchSpace


@dataclass(frozen=True)
class RandomSearch(OneRound):
    """One round over the whole space.

    Better than a grid of as many trials: each trial tries a new value of every parameter, so of the few that
    matter too (Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13, 2012).
    """

    type: ClassVar[str] = "random"

    def values(self, space: SearchSpace, seed: int, numbers: range) -> list[dict[str, Scalar]]:
        return draw(Box.whole(space), seed, numbers)
