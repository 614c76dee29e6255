"""The functions between layers, each beside its derivative.

`apply` turns z into a in place. `backward` multiplies ∂L/∂a by da/dz in place, given a alone: every one of these
derivatives can be told from the function's own value, so z need not be kept.
"""

from typing import Literal, Protocol

import numpy as np

from engine.training.arrays import Array

ActivationName = Literal["relu", "leaky_relu", "tanh", "sigmoid"]

LEAK = 0.01  # slope of leaky_relu below zero, as in Maas et al. 2013


class Activation(Protocol):
    keeps_zero: bool  # whether 0 maps to 0, so that a padded unit stays silent by itself

    def apply(self, z: Array) -> None: ...

    def backward(self, gradient: Array, a: Array) -> None: ...


class Relu:
    """a = max(z, 0);  da/dz = 1 where a > 0, else 0."""

    keeps_zero = True

    def apply(self, z: Array) -> None:
        np.maximum(z, 0, out=z)

    def backward(self, gradient: Array, a: Array) -> None:
        np.multiply(gradient, a > 0, out=gradient)


class LeakyRelu:
    """a = max(z, 0.01 z);  da/dz = 1 where a > 0, else 0.01."""

    keeps_zero = True

    def apply(self, z: Array) -> None:
        np.maximum(z, LEAK * z, out=z)

    def backward(self, gradient: Array, a: Array) -> None:
        np.multiply(gradient, LEAK, out=gradient, where=a <= 0)


class Tanh:
    """a = tanh(z);  da/dz = 1 - a²."""

    keeps_zero = True

    def apply(self, z: Array) -> None:
        np.tanh(z, out=z)

    def backward(self, gradient: Array, a: Array) -> None:
        np.multiply(gradient, 1 - a * a, out=gradient)


class Sigmoid:
    """a = 1 / (1 + e^-z);  da/dz = a (1 - a)."""

    keeps_zero = False

    def apply(self, z: Array) -> None:
        sigmoid(z, out=z)

    def backward(self, gradient: Array, a: Array) -> None:
        np.multiply(gradient, a * (1 - a), out=gradient)


def sigmoid(z: Array, out: Array | None = None) -> Array:
    """1 / (1 + e^-z) as (1 + tanh(z/2)) / 2, which cannot overflow."""
    out = np.multiply(z, 0.5, out=out)
    np.tanh(out, out=out)
    np.multiply(out, 0.5, out=out)
    return np.add(out, 0.5, out=out)


ACTIVATIONS: dict[ActivationName, Activation] = {
    "relu": Relu(),
    "leaky_relu": LeakyRelu(),
    "tanh": Tanh(),
    "sigmoid": Sigmoid(),
}
