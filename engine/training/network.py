"""K dense networks of one shape, forward and backward in one pass. Every array has the leading member axis K.

D features, H units, C outputs, B rows. A member whose layer is narrower than the computed width is padded with
units whose weights are 0: they stay silent and their gradients are 0, so they never come to life.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.training.activations import Activation
from engine.training.arrays import Array

ALIGNMENT = 16  # float32 numbers in a cache line of 64 bytes: each member's parameters start on one


@dataclass(frozen=True)
class Shape:
    """Units of the input, the hidden layers and the output, as computed (padding included)."""

    units: tuple[int, ...]

    @property
    def layers(self) -> list[tuple[int, int]]:
        return list(pairwise(self.units))

    @property
    def parameters(self) -> int:
        """Numbers per member, rounded up to whole cache lines."""
        count = sum(inputs * outputs + outputs for inputs, outputs in self.layers)
        return -(-count // ALIGNMENT) * ALIGNMENT


class Parameters:
    """All weights and biases of a pack in one flat array, and views into it, layer by layer."""

    def __init__(self, shape: Shape, flat: Array) -> None:
        self.shape = shape
        self.flat = flat  # (K, P)
        self.weights: list[Array] = []  # (K, inputs, outputs)
        self.biases: list[Array] = []  # (K, 1, outputs)
        for start, inputs, outputs in _spans(shape):
            middle, end = start + inputs * outputs, start + inputs * outputs + outputs
            self.weights.append(flat[:, start:middle].reshape(-1, inputs, outputs))
            self.biases.append(flat[:, middle:end].reshape(-1, 1, outputs))

    def zeros_like(self) -> "Parameters":
        return Parameters(self.shape, np.zeros_like(self.flat))

    def of(self, members: Sequence[int]) -> "Parameters":
        """A copy for the members at these positions."""
        return Parameters(self.shape, self.flat[list(members)])

    def own(self, member: int, hidden_units: Sequence[int]) -> list[Array]:
        """Copies of one member's W (inputs, outputs) and b (outputs,), layer by layer, without the padding."""
        units = (self.shape.units[0], *hidden_units, self.shape.units[-1])
        own: list[Array] = []
        for layer, (inputs, outputs) in enumerate(pairwise(units)):
            own.append(self.weights[layer][member, :inputs, :outputs].copy())
            own.append(self.biases[layer][member, 0, :outputs].copy())
        return own


class Forward:
    """The forward pass of a pack for a fixed number of rows, with its buffers."""

    def __init__(self, parameters: Parameters, activation: Activation, unit_masks: list[Array], rows: int) -> None:
        """`unit_masks`: per hidden layer (K, 1, H), 1 for a real unit and 0 for padding."""
        self.parameters = parameters
        self.activation = activation
        self.unit_masks = [] if activation.keeps_zero else unit_masks
        flat = parameters.flat
        # outputs[l] (K, B, H_l): the hidden activations, and last the logits (K, B, C)
        self.outputs = [np.empty((len(flat), rows, units), flat.dtype) for units in parameters.shape.units[1:]]

    def run(self, inputs: Array) -> Array:
        """Logits (K, B, C) for inputs (K, B, D), or (1, B, D) when all members share the rows."""
        a = inputs
        for layer, (weights, biases, z) in enumerate(
            zip(self.parameters.weights, self.parameters.biases, self.outputs, strict=True)
        ):
            np.matmul(a, weights, out=z)
            z += biases
            if layer < len(self.outputs) - 1:
                self.activation.apply(z)
                if self.unit_masks:
                    z *= self.unit_masks[layer]
            a = z
        return a


class Backward:
    """The backward pass belonging to a `Forward`: gradients of the mean loss by all weights and biases."""

    def __init__(self, forward: Forward, gradients: Parameters) -> None:
        """`gradients` is where the results go; several passes may share it."""
        self.forward = forward
        self.gradients = gradients
        shape, flat = forward.parameters.shape, forward.parameters.flat
        members, rows = len(flat), forward.outputs[0].shape[1]
        # deltas[l] (K, B, H_l): ∂L/∂z of layer l
        self.deltas = [np.empty_like(output) for output in forward.outputs]
        self.transposed = [np.empty((members, outputs, inputs), flat.dtype) for inputs, outputs in shape.layers]
        self.ones = np.ones((1, rows), flat.dtype)

    def run(self, inputs: Array) -> None:
        """Carry ∂L/∂logits, which stands in `deltas[-1]`, back through the layers.

        The gradient by the network's inputs is nobody's need and is not computed.
        """
        for layer in reversed(range(len(self.deltas))):
            delta = self.deltas[layer]
            a = inputs if layer == 0 else self.forward.outputs[layer - 1]
            np.matmul(a.transpose(0, 2, 1), delta, out=self.gradients.weights[layer])
            # A product with ones sums the rows seven times as fast as np.sum over the middle axis.
            np.matmul(self.ones, delta, out=self.gradients.biases[layer])
            if layer > 0:
                np.matmul(delta, self._transposed_weights(layer), out=self.deltas[layer - 1])
                self.forward.activation.backward(self.deltas[layer - 1], a)

    def _transposed_weights(self, layer: int) -> Array:
        """Copied, because a product with a transposed right side runs at half the speed for small matrices."""
        np.copyto(self.transposed[layer], self.forward.parameters.weights[layer].transpose(0, 2, 1))
        return self.transposed[layer]


def _spans(shape: Shape) -> Iterator[tuple[int, int, int]]:
    """Where each layer starts in the flat array, with its inputs and outputs."""
    start = 0
    for inputs, outputs in shape.layers:
        yield start, inputs, outputs
        start += inputs * outputs + outputs
