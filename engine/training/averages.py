"""Exponentially weighted averages: one implementation for optimisers, batch norm and smoothed curves."""

from collections.abc import Sequence

import numpy as np

from engine.training.arrays import Array

TINY = 1e-30  # what is smaller changes no result


class DecayingSum:
    """S ← β S + x for arrays x (K, P), with one β per member.

    (1 - β) S is the exponentially weighted average of x, over a window of about 1 / (1 - β) steps: V ← β V + (1 - β) x
    with one pass less over the array. Started at 0 it is too small at first, most of all in the first steps; the
    bias-corrected average is (1 - β) / (1 - βᵗ) S.
    """

    def __init__(self, betas: Array, like: Array) -> None:
        """`betas` (K, 1) float64; `like` (K, P) gives the shape and type of the sum."""
        self.betas = betas
        self.steps = 0
        self.beta = betas.astype(like.dtype)
        self.sum = np.zeros_like(like)

    def add(self, x: Array) -> None:
        self.steps += 1
        self.sum *= self.beta
        self.sum += x

    @property
    def factor(self) -> Array:
        """(K, 1) float64: times the sum, this is the average."""
        return 1 - self.betas

    def corrected_factors(self, steps: int) -> Array:
        """(steps, K, 1) float64: times the sum, the bias-corrected average after each of the next `steps` additions."""
        counts = np.arange(self.steps + 1, self.steps + steps + 1)[:, None, None]
        factors: Array = self.factor / (1 - self.betas**counts)
        return factors

    def average(self) -> Array:
        """(K, P): the bias-corrected average of what was added."""
        factors = self.factor / (1 - self.betas**self.steps)
        corrected: Array = self.sum * factors.astype(self.sum.dtype)
        return corrected

    def flush(self) -> None:
        flush_tiny(self.sum)

    def keep(self, members: Sequence[int]) -> None:
        self.betas = self.betas[members]
        self.beta, self.sum = self.beta[members], self.sum[members]


def flush_tiny(array: Array) -> None:
    """Set what has all but decayed to 0.

    The sum of a parameter whose gradient stays 0, as that of a dead unit, would end among the denormal numbers and stay
    there, since the smallest times 0.9 rounds to itself; arithmetic on those is twenty times slower.
    """
    array[np.abs(array) < TINY] = 0


def smoothed(values: Sequence[float], beta: float) -> list[float]:
    """The bias-corrected exponentially weighted average of `values` up to each of them, as for a noisy curve."""
    average = DecayingSum(np.array([[beta]]), np.zeros((1, 1)))
    smooth = []
    for value, factor in zip(values, average.corrected_factors(len(values)), strict=True):
        average.add(np.array([[value]]))
        smooth.append(float((factor * average.sum).item()))
    return smooth
