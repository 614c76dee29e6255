"""Coarse-to-fine: start wide and random, then zoom in round by round on the region that works."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from engine.errors import InvalidField
from engine.search.box import Box
from engine.search.fields import MAX_TRIALS, read_flag, read_integer, read_number, read_share
from engine.search.guide import LEAST_SUCCESSES, guided
from engine.search.history import Observation, ranked
from engine.search.proposals import Proposals, draw, numbers_of
from engine.search.space import SearchSpace

MIN_ELITES = 3  # the box of one or two points is luck in most of its sides
MAX_ROUNDS = 100  # every one costs a barrier, at which workers wait for the last trial

# On the tables of benchmarks/search.py rounds of 16 found as much as rounds of 8 in 200 trials, but less in 50 and 100.
USUAL_ROUNDS = 12
LEAST_ROUND = 8
LARGEST_ROUND = 32
MOST_GUIDED = 200  # of a round: two seconds; each costs the square of those before it, so 1,000 take half a minute


@dataclass(frozen=True)
class CoarseToFine:
    """Search in a box that moves and shrinks round by round to where the best trials so far lie, guided by a model.

    The first round draws `first_round_share` of all trials from the whole space; the other rounds share the rest
    equally. There are as many rounds as `rounds` says, or as many as leave each `round_size` trials: larger ones train
    in larger packs, smaller ones learn sooner. Left to itself, a round has a twelfth of all trials, from 8 to 32. Each
    next box spans the elites plus `margin` times that span beyond each end. Where the best of them lies near the border
    of its box, the next one moves out beyond that border, though never beyond the space.

    Where `guided`, a Gaussian process chooses each trial among candidates from the box, from near the elites and from
    the whole space, so what the box has missed is still found; without it, trials are drawn from the box alone, and so
    are those of a round beyond its first MOST_GUIDED.

    The elites are the best of ALL trials so far, as many as `elite_fraction` of the round that has just ended, but
    at least MIN_ELITES; until as many have succeeded, the box stays as it was. On noisy test functions of 3 to 5
    parameters this left a smaller error than taking the elites from the last round alone, by 6 to 10 %.
    """

    type: ClassVar[str] = "coarse_to_fine"
    is_exhaustive: ClassVar[bool] = False

    rounds: int | None = None
    round_size: int | None = None
    first_round_share: float = 0.2
    elite_fraction: float = 0.2
    margin: float = 0.1
    guided: bool = True

    def __post_init__(self) -> None:
        if self.rounds is not None:
            read_integer("rounds", self.rounds, 1, MAX_ROUNDS)
        if self.round_size is not None:
            read_integer("round_size", self.round_size, 1, MAX_TRIALS)
            if self.rounds is not None:
                message = f"`round_size` must be null where `rounds` is given, {self.rounds}, but got {self.round_size}"
                raise InvalidField(("round_size",), message)
        object.__setattr__(self, "first_round_share", read_share("first_round_share", self.first_round_share))
        object.__setattr__(self, "elite_fraction", read_share("elite_fraction", self.elite_fraction))
        object.__setattr__(self, "margin", read_number("margin", self.margin))
        if not 0.0 <= self.margin <= 1.0:
            raise InvalidField(("margin",), f"`0 <= margin <= 1` must hold, but got {self.margin}")
        read_flag("guided", self.guided)

    def check_space(self, space: SearchSpace) -> None:
        """Any space will do."""

    def round_sizes(self, trials: int) -> tuple[int, ...]:
        """Return how many trials each round tries; what does not divide evenly goes to the earlier rounds."""
        read_integer("trials", trials, 1, MAX_TRIALS)
        round_size = self.round_size or min(max(trials // USUAL_ROUNDS, LEAST_ROUND), LARGEST_ROUND)
        least = 1 if self.rounds else round_size
        first = max(round(trials * self.first_round_share), min(least, trials))
        rounds = self.rounds or min(1 + (trials - first) // round_size, MAX_ROUNDS)
        if trials < rounds:
            message = f"`trials >= rounds` must hold, but got (trials={trials}, rounds={rounds})"
            raise InvalidField(("trials",), message)
        later = rounds - 1
        if later == 0:
            return (trials,)
        first = min(first, trials - later)
        size, larger = divmod(trials - first, later)
        return (first, *(size + (position < larger) for position in range(later)))

    def propose(
        self, space: SearchSpace, seed: int, number: int, sizes: Sequence[int], observations: Sequence[Observation]
    ) -> Proposals:
        box = self.box(space, number, sizes, observations)
        numbers = numbers_of(number, sizes)
        known = [trial for trial in observations if trial.number < numbers.start]
        if self.guided and sum(not trial.has_failed for trial in known) >= LEAST_SUCCESSES:
            chosen = guided(box, seed, numbers[:MOST_GUIDED], known, spent=numbers.start / sum(sizes))
            return Proposals(chosen + draw(box, seed, numbers[MOST_GUIDED:]), box)
        return Proposals(draw(box, seed, numbers), box)

    def box(self, space: SearchSpace, number: int, sizes: Sequence[int], observations: Sequence[Observation]) -> Box:
        """Return the box of round `number`, which the elites of the rounds before it have shaped."""
        box = Box.whole(space)
        for elites in self._elites_by_round(number, sizes, observations):
            box = box.around([elite.values for elite in elites], self.margin) if elites else box
        return box

    def elites(self, number: int, sizes: Sequence[int], observations: Sequence[Observation]) -> list[int]:
        *_, last = self._elites_by_round(number + 1, sizes, observations)
        return [elite.number for elite in last]

    def _elites_by_round(
        self, rounds: int, sizes: Sequence[int], observations: Sequence[Observation]
    ) -> Iterator[list[Observation]]:
        """Yield the best of all trials so far at the end of each of the first `rounds`; none while too few succeeded.

        Only those that may still count are carried from round to round: ranking all would take long with 10,000.
        """
        counts = [max(round(self.elite_fraction * size), MIN_ELITES) for size in sizes[:rounds]]
        rounds_of = _by_round(rounds, sizes, observations)
        best: list[Observation] = []
        for number, trials in enumerate(rounds_of):
            best = ranked([*best, *(trial for trial in trials if not trial.has_failed)])[: max(counts[number:])]
            yield best[: counts[number]] if len(best) >= MIN_ELITES else []

    def to_json(self) -> dict[str, Any]:
        return {"type": self.type, **asdict(self)}


def _by_round(rounds: int, sizes: Sequence[int], observations: Sequence[Observation]) -> list[list[Observation]]:
    """Return the trials of each of the first `rounds`; those of elsewhere, numbered below 0, were there before all."""
    round_of = [number for number, size in enumerate(sizes[:rounds]) for _ in range(size)]
    found: list[list[Observation]] = [[] for _ in range(rounds)]
    for trial in observations:
        place = max(trial.number, 0)  # imported ones lie below 0: they were there before the first round
        if place < len(round_of):
            found[round_of[place]].append(trial)
    return found
