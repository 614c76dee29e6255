"""The floor: the matrix products of a training alone, in preallocated arrays. Nothing in NumPy can be faster."""

from itertools import pairwise

import numpy as np

from benchmarks.task import Size
from engine.training import Dataset


class Products:
    """Those of a pack: forward, backward without the gradient by the inputs, and the dev rows each epoch."""

    def __init__(self, size: Size, dataset: Dataset, epochs: int, members: int) -> None:
        self.epochs = epochs
        units = (dataset.features, *size.hidden_units, dataset.outputs)
        rng = np.random.default_rng(0)

        def array(*shape: int) -> np.ndarray:
            return rng.standard_normal(shape, np.float32)

        rows = dataset.train.rows
        self.weights = [array(members, a, b) for a, b in pairwise(units)]
        self.transposed = [array(members, b, a) for a, b in pairwise(units)]
        self.gradients = [array(members, a, b) for a, b in pairwise(units)]
        self.full_steps, last = divmod(rows, size.batch_size)
        self.full = [array(members, size.batch_size, width) for width in units]
        self.last = [array(members, last, width) for width in units] if last else []
        self.dev = [array(1, dataset.dev.rows, units[0])]
        self.dev += [array(members, dataset.dev.rows, width) for width in units[1:]]

    def run(self) -> None:
        for _ in range(self.epochs):
            for _ in range(self.full_steps):
                self._step(self.full)
            if self.last:
                self._step(self.last)
            self._forward(self.dev)

    def _step(self, activations: list[np.ndarray]) -> None:
        self._forward(activations)
        for layer in reversed(range(len(self.weights))):
            a, delta = activations[layer], activations[layer + 1]
            np.matmul(a.transpose(0, 2, 1), delta, out=self.gradients[layer])
            if layer:
                np.matmul(delta, self.transposed[layer], out=a)

    def _forward(self, activations: list[np.ndarray]) -> None:
        for layer, weights in enumerate(self.weights):
            np.matmul(activations[layer], weights, out=activations[layer + 1])
            activations[layer + 1] *= 0.01  # else the products overflow, which is slower: a small pass of its own
