"""What a strategy answers with: the trials of a round, and the picture of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.search.box import Box
from engine.search.scalars import Scalar
from engine.seeding import Purpose, generator


@dataclass(frozen=True)
class Proposals:
    """A round: the values of its trials, in the order of their numbers, and the box they were looked for in.

    A strategy that has no box of its own looks in the whole space.
    """

    values: list[dict[str, Scalar]]
    box: Box


def draw(box: Box, seed: int, numbers: Iterable[int]) -> list[dict[str, Scalar]]:
    """Return random values in `box` for the trials `numbers`: each depends on `seed`, its number and the box alone."""
    return [box.sample(generator(seed, Purpose.PROPOSAL, number)) for number in numbers]


def numbers_of(number: int, sizes: Iterable[int]) -> range:
    """Return the numbers of the trials of round `number` in a study with rounds of `sizes`."""
    ahead = list(sizes)[: number + 1]
    return range(sum(ahead[:-1]), sum(ahead))
