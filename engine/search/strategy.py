"""What every strategy does, and which ones there are."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from engine.search.coarse_to_fine import CoarseToFine
from engine.search.fields import read_typed
from engine.search.grid import GridSearch
from engine.search.history import Observation
from engine.search.proposals import Proposals
from engine.search.quasi_random import QuasiRandomSearch
from engine.search.random_search import RandomSearch
from engine.search.space import SearchSpace


class Strategy(Protocol):
    """Decides, round by round, which values to try next.

    A strategy sees what has ended and answers with a whole round: no database, no clock, no state of its own. The
    trials of a study are numbered through its rounds: those of round 0 first, as many as `sizes[0]`, then those of
    round 1. `observations` may hold them in any order, and those of later rounds too: what a round tries depends only
    on the rounds before it. Trials of elsewhere are numbered below 0, and were there before all.
    """

    is_exhaustive: ClassVar[bool]
    """Whether it means to try all of a set of points, so that each trial taken off its budget leaves a gap."""

    def check_space(self, space: SearchSpace, /) -> None:
        """Raise InvalidField, with the path of an option, if the strategy cannot search `space`."""

    def round_sizes(self, trials: int, /) -> tuple[int, ...]:
        """Share out a budget of `trials` among the rounds.

        Raises InvalidField, with the path ("trials",), if the budget is no number of trials or the rounds need more.
        """

    def propose(
        self, space: SearchSpace, seed: int, number: int, sizes: Sequence[int], observations: Sequence[Observation], /
    ) -> Proposals:
        """Return the `sizes[number]` trials of round `number` and its picture; `seed` is the study's."""

    def elites(self, number: int, sizes: Sequence[int], observations: Sequence[Observation], /) -> list[int]:
        """Return the numbers of the trials, best first, that shape what is tried after round `number`."""

    def to_json(self) -> dict[str, Any]:
        """Return the document of this strategy with its defaults written out."""


_TYPES: Mapping[str, type[Strategy]] = {
    strategy.type: strategy for strategy in (RandomSearch, QuasiRandomSearch, GridSearch, CoarseToFine)
}


def strategy_from_json(document: object) -> Strategy:
    """Return the strategy that `document` describes: {"type": "coarse_to_fine", "rounds": 4, …}.

    Raises InvalidField for an unknown type or option and for an option out of its range.
    """
    return read_typed("a strategy", document, _TYPES)
