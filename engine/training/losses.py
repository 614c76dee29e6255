"""The output layer with its loss. K members, B rows, C outputs.

Each is made for mini-batches of one size, with buffers. From the logits z (K, B, C) and the targets (K, B), or (1, B)
when all members share the rows: `per_row` is L (K, B), for any number of rows; `gradient` writes ∂(mean of L over the B
rows)/∂z to `out` (K, B, C) and returns L as well.
"""

from typing import Protocol

import numpy as np

from engine.training.arrays import Array
from engine.training.dataset import Dataset
from engine.training.layers.activations import sigmoid

# e^-34 is 2e-15: no gradient misses less than that, and a confident network's squares of gradients stay out of the
# denormal numbers, on which arithmetic is twenty times slower.
LOWEST_SHIFTED = -34.0


class Loss(Protocol):
    def per_row(self, logits: Array, targets: Array) -> Array: ...

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array: ...


class SoftmaxCrossEntropy:
    """L = log Σ_c e^z_c - z_y;  ∂L/∂z_c = softmax(z)_c - [c = y].

    The largest logit is taken out first, so that no exponential overflows. Reductions run over the first axis of
    the transposed logits (C, K, B): over a last axis of ten classes NumPy is an order of magnitude slower.
    """

    def __init__(self, logits: Array) -> None:
        members, rows, classes = logits.shape
        self.by_class = np.empty((classes, members, rows), logits.dtype)
        self.lowest = np.full((members, rows), LOWEST_SHIFTED, logits.dtype)
        self.first = np.arange(members * rows).reshape(members, rows) * classes  # where each row of logits begins

    def per_row(self, logits: Array, targets: Array) -> Array:
        by_class = logits.transpose(2, 0, 1).copy()  # a copy even of one row of one member, contiguous as it is
        largest = _take_out_largest(by_class)
        right = np.take_along_axis(logits, _column(targets, logits), axis=2)[:, :, 0]
        loss: Array = np.log(_sum_over_classes(np.exp(by_class, out=by_class))) + largest - right
        return loss

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array:
        by_class, rows = self.by_class, logits.shape[1]
        np.copyto(by_class, logits.transpose(2, 0, 1))
        _take_out_largest(by_class)
        np.maximum(by_class, self.lowest, out=by_class)
        np.exp(by_class, out=by_class)
        by_class /= _sum_over_classes(by_class) * rows
        np.copyto(out, by_class.transpose(1, 2, 0))
        flat, right = out.reshape(-1), self.first + targets
        shares = flat[right]  # softmax(z)_y / B
        flat[right] = shares - 1 / rows
        return -np.log(shares * rows)


class SigmoidCrossEntropy:
    """L = log(1 + e^z) - y z;  ∂L/∂z = sigmoid(z) - y. One logit, for two classes."""

    def __init__(self, logits: Array) -> None:
        """It needs no buffers."""

    def per_row(self, logits: Array, targets: Array) -> Array:
        z = logits[:, :, 0]
        loss: Array = np.logaddexp(0, z) - targets * z
        return loss.astype(logits.dtype, copy=False)

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array:
        sigmoid(logits, out=out)
        out[:, :, 0] -= targets
        out /= logits.shape[1]
        return self.per_row(logits, targets)


class SquaredError:
    """L = (z - y)²;  ∂L/∂z = 2 (z - y). One linear output, for standardised targets."""

    def __init__(self, logits: Array) -> None:
        """It needs no buffers."""

    def per_row(self, logits: Array, targets: Array) -> Array:
        loss: Array = np.square(logits[:, :, 0] - targets)
        return loss

    def gradient(self, logits: Array, targets: Array, out: Array) -> Array:
        np.subtract(logits, targets[:, :, None], out=out)
        losses: Array = np.square(out[:, :, 0])
        out *= 2 / logits.shape[1]
        return losses


def loss_for(dataset: Dataset, logits: Array) -> Loss:
    """The loss of the dataset's task, for mini-batches with logits like these."""
    if dataset.task == "regression":
        return SquaredError(logits)
    return SigmoidCrossEntropy(logits) if dataset.classes == 2 else SoftmaxCrossEntropy(logits)


def _take_out_largest(by_class: Array) -> Array:
    """Subtract the largest logit of each row, in place, from (C, K, B); return it, (K, B)."""
    largest: Array = np.maximum.reduce(by_class, axis=0)
    by_class -= largest
    return largest


def _sum_over_classes(by_class: Array) -> Array:
    """(K, B) from (C, K, B), class after class in a pack of any size.

    NumPy leaves out axes of length 1 and would sum one row of one member, (C, 1, 1), pairwise: to other bits.
    """
    if by_class[0].size == 1:
        return np.add.accumulate(by_class, axis=0)[-1]
    total: Array = np.add.reduce(by_class, axis=0)
    return total


def _column(targets: Array, logits: Array) -> Array:
    return np.broadcast_to(targets, logits.shape[:2])[:, :, None]
