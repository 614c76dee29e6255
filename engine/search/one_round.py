"""What strategies share that look at no result: a single round over the whole space."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from engine.search.box import Box
from engine.search.fields import MAX_TRIALS, read_integer
from engine.search.history import Observation
from engine.search.proposals import Proposals, numbers_of
from engine.search.scalars import Scalar
from engine.search.space import SearchSpace


@dataclass(frozen=True)
class OneRound(ABC):
    """A strategy whose trials depend on the seed and their numbers alone.

    Rounds that are added, as an extension does, go on where it ended.
    """

    type: ClassVar[str]
    is_exhaustive: ClassVar[bool] = False

    @abstractmethod
    def values(self, space: SearchSpace, seed: int, numbers: range) -> list[dict[str, Scalar]]:
        """Return the values of the trials `numbers`."""

    def check_space(self, space: SearchSpace) -> None:  # noqa: B027 - most have nothing to check
        """Any space will do."""

    def round_sizes(self, trials: int) -> tuple[int, ...]:
        return (read_integer("trials", trials, 1, MAX_TRIALS),)

    def propose(
        self, space: SearchSpace, seed: int, number: int, sizes: Sequence[int], _observations: Sequence[Observation]
    ) -> Proposals:
        return Proposals(self.values(space, seed, numbers_of(number, sizes)), Box.whole(space))

    def elites(self, _number: int, _sizes: Sequence[int], _observations: Sequence[Observation]) -> list[int]:
        return []

    def to_json(self) -> dict[str, Any]:
        return {"type": self.type, **asdict(self)}
