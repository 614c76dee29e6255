"""Random search: every trial is drawn from the whole space."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.search.box import Box
from engine.search.fields import MAX_TRIALS, read_integer
from engine.search.history import Observation
from engine.search.proposals import Proposals, draw, numbers_of
from engine.search.space import SearchSpace


@dataclass(frozen=True)
class RandomSearch:
    """One round over the whole space.

    Better than a grid of as many trials: each trial tries a new value of every parameter, so of the few that
    matter too (Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13, 2012).
    """

    type: ClassVar[str] = "random"
    is_exhaustive: ClassVar[bool] = False

    def check_space(self, space: SearchSpace) -> None:
        """Any space will do."""

    def round_sizes(self, trials: int) -> tuple[int, ...]:
        return (read_integer("trials", trials, 1, MAX_TRIALS),)

    def propose(
        self, space: SearchSpace, seed: int, number: int, sizes: Sequence[int], _observations: Sequence[Observation]
    ) -> Proposals:
        whole = Box.whole(space)
        return Proposals(draw(whole, seed, numbers_of(number, sizes)), whole)

    def elites(self, _number: int, _sizes: Sequence[int], _observations: Sequence[Observation]) -> list[int]:
        return []

    def to_json(self) -> dict[str, Any]:
        return {"type": self.type}
