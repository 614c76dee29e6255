"""The functions between layers, each beside its derivative.

Each is made for arrays like a given z (K, B, H), with buffers. `apply` turns z into a in place. `backward` multiplies
∂L/∂a by da/dz in place, given a alone: every one of these derivatives can be told from the function's own value, so z
need not be kept.
"""

from collections.abc import Callable
from typing import Literal, Protocol

import numpy as np

from engine.training.arrays import Array

ActivationName = Literal["relu", "leaky_relu", "tanh", "sigmoid"]

LEAK = 0.01  # slope of leaky_relu below zero, as in Maas et al. 2013
FLAT = 0.05  # of the steepest slope: a unit that is flatter hardly learns


class Activation(Protocol):
    keeps_zero: bool  # whether 0 maps to 0, so that a padded unit stays silent by itself
    has_kink: bool  # at 0, where it has no derivative

    def apply(self, z: Array) -> None: ...

    def backward(self, gradient: Array, a: Array) -> None: ...

    def is_flat(self, a: Array) -> Array:
        """Where the slope is less than a twentieth of its steepest (booleans like `a`)."""


class Relu:
    """a = max(z, 0);  da/dz = 1 where a > 0, else 0."""

    keeps_zero = True
    has_kink = True

    def __init__(self, z: Array) -> None:
        self.zeros = np.zeros_like(
            z[:1]
        )  # the largest of two arrays is three times as fast as of an array and a number
        self.is_positive = np.empty(z.shape, bool)

    def apply(self, z: Array) -> None:
        np.maximum(z, self.zeros, out=z)

    def backward(self, gradient: Array, a: Array) -> None:
        np.greater(a, 0, out=self.is_positive)
        gradient *= self.is_positive

    def is_flat(self, a: Array) -> Array:
        return a <= 0


class LeakyRelu:
    """a = max(z, 0.01 z);  da/dz = 1 where a > 0, else 0.01."""

    keeps_zero = True
    has_kink = True

    def __init__(self, z: Array) -> None:
        self.leaks = np.full_like(z[:1], LEAK)
        self.buffer = np.empty_like(z)

    def apply(self, z: Array) -> None:
        np.multiply(z, LEAK, out=self.buffer)
        np.maximum(z, self.buffer, out=z)

    def backward(self, gradient: Array, a: Array) -> None:
        slope = np.greater(a, 0, out=self.buffer)
        np.maximum(slope, self.leaks, out=slope)
        gradient *= slope

    def is_flat(self, a: Array) -> Array:
        return a <= 0


class Tanh:
    """a = tanh(z);  da/dz = 1 - a²."""

    keeps_zero = True
    has_kink = False

    def __init__(self, z: Array) -> None:
        self.slope = np.empty_like(z)

    def apply(self, z: Array) -> None:
        np.tanh(z, out=z)

    def backward(self, gradient: Array, a: Array) -> None:
        np.multiply(a, a, out=self.slope)
        np.subtract(1, self.slope, out=self.slope)
        gradient *= self.slope

    def is_flat(self, a: Array) -> Array:
        flat: Array = 1 - a * a < FLAT
        return flat


class Sigmoid:
    """a = 1 / (1 + e^-z);  da/dz = a (1 - a)."""

    keeps_zero = False
    has_kink = False

    def __init__(self, z: Array) -> None:
        self.slope = np.empty_like(z)

    def apply(self, z: Array) -> None:
        sigmoid(z, out=z)

    def backward(self, gradient: Array, a: Array) -> None:
        np.subtract(1, a, out=self.slope)
        self.slope *= a
        gradient *= self.slope

    def is_flat(self, a: Array) -> Array:
        flat: Array = a * (1 - a) < FLAT / 4
        return flat


def sigmoid(z: Array, out: Array | None = None) -> Array:
    """1 / (1 + e^-z) as (1 + tanh(z/2)) / 2, which cannot overflow."""
    out = np.multiply(z, 0.5, out=out)
    np.tanh(out, out=out)
    np.multiply(out, 0.5, out=out)
    return np.add(out, 0.5, out=out)


ACTIVATIONS: dict[ActivationName, Callable[[Array], Activation]] = {
    "relu": Relu,
    "leaky_relu": LeakyRelu,
    "tanh": Tanh,
    "sigmoid": Sigmoid,
}


class Activate:
    """The layer that applies an activation in place, and keeps padded units silent."""

    def __init__(self, name: ActivationName, z: Array, unit_mask: Array) -> None:
        """`z` (K, B, H) is an array like those to come; `unit_mask` (K, 1, H) is 0 for padding, else 1."""
        self.activation = ACTIVATIONS[name](z)
        # Where nobody is padded there is nothing to silence.
        self.unit_mask = None if self.activation.keeps_zero or unit_mask.all() else unit_mask

    def forward(self, a: Array) -> Array:
        self.activation.apply(a)
        if self.unit_mask is not None:
            a *= self.unit_mask
        self.a = a
        return a

    def backward(self, gradient: Array) -> Array:
        self.activation.backward(gradient, self.a)
        return gradient
