"""The output layer with its loss. K members, B rows, C outputs.

Each loss gives, from the logits z (K, B, C) and the targets (K, B) or, when all members share the rows, (1, B):
`per_row`, L (K, B); `gradient`, ∂(mean of L over the B rows)/∂z, written to `out` (K, B, C).
"""

from typing import Protocol

import numpy as np

from engine.training.activations import sigmoid
from engine.training.arrays import Array
from engine.training.dataset import Dataset

# e^-34 is 2e-15: no gradient misses less than that, and a confident network's squares of gradients stay out of the
# denormal numbers, on which arithmetic is twenty times slower.
LOWEST_SHIFTED = -34.0


class Loss(Protocol):
    def per_row(self, logits: Array, targets: Array) -> Array: ...

    def gradient(self, logits: Array, targets: Array, out: Array) -> None: ...


class SoftmaxCrossEntropy:
    """L = log Σ_c e^z_c - z_y;  ∂L/∂z_c = softmax(z)_c - [c = y].

    The largest logit is taken out first, so that no exponential overflows. Reductions run over the first axis of
    the transposed logits (C, K, B): over a last axis of ten classes NumPy is an order of magnitude slower.
    """

    def per_row(self, logits: Array, targets: Array) -> Array:
        by_class, largest = _shifted(logits)
        right = np.take_along_axis(logits, _column(targets, logits), axis=2)[:, :, 0]
        loss: Array = np.log(_sum_over_classes(np.exp(by_class, out=by_class))) + largest - right
        return loss

    def gradient(self, logits: Array, targets: Array, out: Array) -> None:
        by_class, _ = _shifted(logits)
        np.maximum(by_class, LOWEST_SHIFTED, out=by_class)
        np.exp(by_class, out=by_class)
        by_class /= _sum_over_classes(by_class) * logits.shape[1]
        np.copyto(out, by_class.transpose(1, 2, 0))
        members, rows, classes = out.shape
        right = np.arange(members * rows).reshape(members, rows) * classes + targets
        out.reshape(-1)[right] -= 1 / rows


class SigmoidCrossEntropy:
    """L = log(1 + e^z) - y z;  ∂L/∂z = sigmoid(z) - y. One logit, for two classes."""

    def per_row(self, logits: Array, targets: Array) -> Array:
        z = logits[:, :, 0]
        loss: Array = np.logaddexp(0, z) - targets * z
        return loss.astype(logits.dtype, copy=False)

    def gradient(self, logits: Array, targets: Array, out: Array) -> None:
        sigmoid(logits, out=out)
        out[:, :, 0] -= targets
        out /= logits.shape[1]


class SquaredError:
    """L = (z - y)²;  ∂L/∂z = 2 (z - y). One linear output, for standardised targets."""

    def per_row(self, logits: Array, targets: Array) -> Array:
        loss: Array = np.square(logits[:, :, 0] - targets)
        return loss

    def gradient(self, logits: Array, targets: Array, out: Array) -> None:
        np.subtract(logits, targets[:, :, None], out=out)
        out *= 2 / logits.shape[1]


def loss_for(dataset: Dataset) -> Loss:
    if dataset.task == "regression":
        return SquaredError()
    return SigmoidCrossEntropy() if dataset.classes == 2 else SoftmaxCrossEntropy()


def _shifted(logits: Array) -> tuple[Array, Array]:
    """The logits as (C, K, B) less their largest, and that largest (K, B)."""
    by_class = logits.transpose(2, 0, 1).copy()  # a copy even of one row of one member, which is contiguous as it is
    largest: Array = by_class.max(axis=0)
    by_class -= largest
    return by_class, largest


def _sum_over_classes(by_class: Array) -> Array:
    """(K, B) from (C, K, B), class after class in a pack of any size.

    NumPy leaves out axes of length 1 and would sum one row of one member, (C, 1, 1), pairwise: to other bits.
    """
    return np.add.accumulate(by_class, axis=0)[-1] if by_class[0].size == 1 else by_class.sum(axis=0)


def _column(targets: Array, logits: Array) -> Array:
    return np.broadcast_to(targets, logits.shape[:2])[:, :, None]
