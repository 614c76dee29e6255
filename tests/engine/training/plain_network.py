"""A trained network as a few lines of float64, to measure again what a result says of its parameters."""

from collections.abc import Callable, Sequence

import numpy as np

from engine.training.arrays import Array
from engine.training.dataset import Dataset
from engine.training.layers.activations import ActivationName

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


def mean_loss(parameters: Sequence[Array], activation: ActivationName, dataset: Dataset) -> float:
    """The mean cross-entropy or squared error over the dev rows."""
    logits, targets = logits_of(parameters, activation, dataset.dev.inputs), dataset.dev.targets
    if dataset.task == "regression":
        return float(np.square(logits[:, 0] - targets).mean())
    if dataset.classes == 2:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
    shifted = logits - logits.max(axis=1, keepdims=True)
    right = np.take_along_axis(shifted, np.asarray(targets)[:, None], axis=1)[:, 0]
    return float((np.log(np.exp(shifted).sum(axis=1)) - right).mean())
