"""The values of a round's trials."""

from collections.abc import Iterable

from engine.search.box import Box
from engine.search.scalars import Scalar
from engine.seeding import Purpose, generator


def propose(box: Box, seed: int, numbers: Iterable[int]) -> list[dict[str, Scalar]]:
    """Return the values of the trials `numbers`: each depends on the study's `seed`, its number and the box alone."""
    return [box.sample(generator(seed, Purpose.PROPOSAL, number)) for number in numbers]
