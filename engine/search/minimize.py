"""A whole search in one process, for objectives that are a Python function."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import InvalidField
from engine.search.box import Box
from engine.search.fields import read_integer, shown, within
from engine.search.history import Observation, ranked
from engine.search.proposals import numbers_of
from engine.search.scalars import Scalar
from engine.search.space import SearchSpace
from engine.search.strategy import Strategy, strategy_from_json

MAX_SEED = 2**128 - 1  # NumPy's SeedSequence takes 128 bits without folding them

Objective = Callable[[Mapping[str, Scalar]], float]


@dataclass(frozen=True)
class SearchRound:
    """One round of a search: the box it drew from, the trials drawn, and the elites that shape the next box."""

    number: int
    box: Box
    trials: list[int]
    elites: list[int]


@dataclass(frozen=True)
class SearchResult:
    """All trials of a search in the order of their numbers, and its rounds."""

    trials: list[Observation]
    rounds: list[SearchRound]

    @property
    def best(self) -> Observation | None:
        """The trial with the smallest value, the earliest of several; None if all failed."""
        first = ranked(self.trials)[0]
        return None if first.has_failed else first


def minimize(
    objective: Objective,
    space: SearchSpace | Mapping[str, Any],
    strategy: Mapping[str, Any],
    trials: int,
    seed: int,
) -> SearchResult:
    """Search `space` for the values with which `objective` returns the smallest number.

        minimize(lambda values: (values["x"] - 1) ** 2,
                 {"parameters": [{"name": "x", "type": "float", "low": -5, "high": 5}]},
                 {"type": "coarse_to_fine"}, trials=100, seed=0).best.values

    `space` may be a document of `SearchSpace.from_json`; `strategy` is one of `strategy_from_json`. The same
    arguments give the same trials. A trial fails, and counts as the worst, where the objective returns NaN or
    infinity or raises ArithmeticError, which is how Python's own arithmetic says the same (overflow, 1 / 0).
    Its other exceptions end the search. Raises InvalidField for a wrong argument, with the path from its name.
    """
    if not callable(objective):
        raise InvalidField(("objective",), f"`objective` must be a function of the values, but got {shown(objective)}")
    read_integer("seed", seed, 0, MAX_SEED)
    with within("space"):
        searched = (space if isinstance(space, SearchSpace) else SearchSpace.from_json(space)).given({})
    with within("strategy"):
        strategist = strategy_from_json(strategy)
        strategist.check_space(searched)
    return _search(objective, searched, strategist, strategist.round_sizes(trials), seed)


def _search(
    objective: Objective, space: SearchSpace, strategy: Strategy, sizes: tuple[int, ...], seed: int
) -> SearchResult:
    observations: list[Observation] = []
    rounds: list[SearchRound] = []
    for number in range(len(sizes)):
        proposals = strategy.propose(space, seed, number, sizes, observations)
        trials = list(numbers_of(number, sizes))
        for trial, values in zip(trials, proposals.values, strict=True):
            observations.append(Observation(trial, values, _measured(objective, values)))
        rounds.append(SearchRound(number, proposals.box, trials, strategy.elites(number, sizes, observations)))
    return SearchResult(observations, rounds)


def _measured(objective: Objective, values: Mapping[str, Scalar]) -> float | None:
    try:
        return float(objective(dict(values)))  # a copy: an objective may change what it is given
    except ArithmeticError:
        return None
