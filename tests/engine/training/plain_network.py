"""A trained network as a few lines of float64, to measure again what a result says of its parameters."""

from collections.abc import Callable, Sequence

import numpy as np

from engine.training.activations import ActivationName
from engine.training.arrays import Array

PLAIN_ACTIVATIONS: dict[ActivationName, Callable[[Array], Array]] = {
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
}


def logits_of(parameters: Sequence[Array], activation: ActivationName, inputs: Array) -> Array:
    """(m, C) for inputs (m, D) and parameters W1, b1, W2, b2, …"""
    a = np.asarray(inputs, np.float64)
    for layer in range(0, len(parameters), 2):
        z = a @ parameters[layer].astype(np.float64) + parameters[layer + 1]
        a = PLAIN_ACTIVATIONS[activation](z)
    return z
