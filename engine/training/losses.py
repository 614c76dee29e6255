"""The output layer with its loss. K members, m rows, C outputs.

`per_row` is L (K, m) for any number of rows. It takes the logits z class by class, (C, K, m), since along a last axis
of ten classes NumPy is an order of magnitude slower, and the targets (K, m), or (1, m) when all members share the rows.

`gradient` is for mini-batches of the size that a loss was made for, with buffers. It takes the logits (K, m, C) as a
network leaves them, with targets (K, m), and writes ∂(mean of L over the rows)/∂z to `out` (K, m, C).
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

    def gradient(self, logits: Array, targets: Array, out: Array) -> None: ...


class SoftmaxCrossEntropy:
    """L = log Σ_c e^z_c - z_y;  ∂L/∂z_c = softmax(z)_c - [c = y].

    The largest logit is taken out first, so that no exponential overflows.
    """

    def __init__(self, gradient: Array) -> None:
        members, rows, classes = gradient.shape
        self.shares = np.empty((classes, members, rows), gradient.dtype)
        self.lowest = np.full_like(self.shares, LOWEST_SHIFTED)
        self.one_hot = np.eye(classes, dtype=gradient.dtype)
        self.right = np.empty_like(gradient)

    def per_row(self, logits: Array, targets: Array) -> Array:
        largest = np.maximum.reduce(logits, axis=0)
        shares = logits - largest
        loss: Array = np.log(_sum_over_classes(np.exp(shares, out=shares)))
        loss += largest
        loss -= _of_targets(logits, targets)
        return loss

    def gradient(self, logits: Array, targets: Array, out: Array) -> None:
        shares = self.shares
        np.copyto(shares, logits.transpose(2, 0, 1))
        shares -= np.maximum.reduce(shares, axis=0)
        np.maximum(shares, self.lowest, out=shares)
        np.exp(shares, out=shares)
        shares /= _sum_over_classes(shares)
        # mode="clip" lets take write straight into the buffer; there is no other target.
        self.one_hot.take(targets, axis=0, out=self.right, mode="clip")
        np.subtract(shares.transpose(1, 2, 0), self.right, out=out)
        out *= 1 / out.shape[1]


class SigmoidCrossEntropy:
    """L = log(1 + e^z) - y z;  ∂L/∂z = sigmoid(z) - y. One logit, for two classes."""

    def __init__(self, gradient: Array) -> None:
        """It needs no buffers."""

    def per_row(self, logits: Array, targets: Array) -> Array:
        z = logits[0]
        loss: Array = np.logaddexp(0, z) - targets * z
        return loss.astype(logits.dtype, copy=False)

    def gradient(self, logits: Array, targets: Array, out: Array) -> None:
        sigmoid(logits, out=out)
        out[:, :, 0] -= targets
        out *= 1 / out.shape[1]


class SquaredError:
    """L = (z - y)²;  ∂L/∂z = 2 (z - y). One linear output, for standardised targets."""

    def __init__(self, gradient: Array) -> None:
        """It needs no buffers."""

    def per_row(self, logits: Array, targets: Array) -> Array:
        loss: Array = np.square(logits[0] - targets)
        return loss

    def gradient(self, logits: Array, targets: Array, out: Array) -> None:
        np.subtract(logits[:, :, 0], targets, out=out[:, :, 0])
        out *= 2 / out.shape[1]


def loss_for(dataset: Dataset, gradient: Array) -> Loss:
    """The loss of the dataset's task, for mini-batches with gradients like this one (K, B, C)."""
    if dataset.task == "regression":
        return SquaredError(gradient)
    return SigmoidCrossEntropy(gradient) if dataset.classes == 2 else SoftmaxCrossEntropy(gradient)


def by_class(logits: Array) -> Array:
    """(K, m, C) as `per_row` takes it."""
    return logits.transpose(2, 0, 1).copy()  # a copy even of one row of one member, contiguous as it is


def _sum_over_classes(shares: Array) -> Array:
    """(K, m) from (C, K, m), class after class in a pack of any size.

    NumPy leaves out axes of length 1 and would sum one row of one member, (C, 1, 1), pairwise: to other bits.
    """
    if shares[0].size == 1:
        return np.add.accumulate(shares, axis=0)[-1]
    total: Array = np.add.reduce(shares, axis=0)
    return total


def _of_targets(logits: Array, targets: Array) -> Array:
    """(K, m): each row's logit of its own class."""
    places = np.arange(logits[0].size).reshape(logits.shape[1:]) + targets * np.int64(logits[0].size)
    return logits.take(places)
