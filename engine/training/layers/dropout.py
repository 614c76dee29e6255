"""Inverted dropout (Srivastava et al. 2014): units fall silent at random while a network learns."""

from collections.abc import Sequence

import numpy as np

from engine.seeding import Purpose, generator
from engine.training.arrays import Array
from engine.training.plan import TrainingPlan

LEVELS = 2**16  # a unit stays if its 16-bit random number is small enough
BLOCK_NUMBERS = 2**15  # of one member, drawn at once: 64 KiB, enough for the call to cost little


class Dropout:
    """y = a d / p with d = 1 at the probability p (keep_prob), else 0;  ∂L/∂a = ∂L/∂y d / p.

    Divided by p here, the expectation stays that of a, and nothing is scaled when the network answers. p counts in
    65,536ths, and it is the rounded p that is divided by.
    """

    def __init__(self, keep_probs: Sequence[float], rows: int, units: int, dtype: np.dtype) -> None:
        levels = np.maximum(1, np.rint(np.array(keep_probs) * LEVELS))[:, None, None]
        self.highest_kept = (levels - 1).astype(np.uint16)
        self.scale = (LEVELS / levels).astype(dtype)
        self.is_kept = np.empty((len(keep_probs), rows, units), bool)
        self.mask = np.empty(self.is_kept.shape, dtype)
        self.outputs = np.empty_like(self.mask)

    def draw(self, numbers: "DropoutNumbers") -> None:
        """Make the next mask."""
        members, rows, units = self.mask.shape
        drawn = numbers.next(rows * units).reshape(members, rows, units)
        np.less_equal(drawn, self.highest_kept, out=self.is_kept)
        np.multiply(self.is_kept, self.scale, out=self.mask)

    def forward(self, a: Array) -> Array:
        return np.multiply(a, self.mask, out=self.outputs)

    def backward(self, gradient: Array) -> Array:
        gradient *= self.mask
        return gradient


class DropoutNumbers:
    """The random numbers of a pack's masks, each member's from its own seed.

    They are drawn in blocks. A block's length follows from what is asked for, and that from the batch size and the
    widths, which are the same for all members: a member's numbers do not depend on its neighbours.
    """

    def __init__(self, plans: Sequence[TrainingPlan]) -> None:
        self.generators = [generator(plan.seed, Purpose.DROPOUT) for plan in plans]
        self.block = np.empty((len(plans), 0), np.uint16)
        self.used = 0

    def next(self, count: int) -> Array:
        """(K, count) uint16, uniform over their range."""
        if self.used + count > self.block.shape[1]:
            self.block = np.stack([_uint16(own, max(count, BLOCK_NUMBERS)) for own in self.generators])
            self.used = 0
        self.used += count
        return self.block[:, self.used - count : self.used]

    def keep(self, members: Sequence[int]) -> None:
        self.generators = [self.generators[member] for member in members]
        self.block = self.block[list(members)]


def _uint16(own: np.random.Generator, count: int) -> Array:
    """Cut from 64-bit numbers, the fastest to draw."""
    words: Array = own.integers(0, 2**64, -(-count // 4), dtype=np.uint64)
    return words.view(np.uint16)[:count]
