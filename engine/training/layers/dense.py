"""Every unit of one layer connected to every unit of the next."""

import numpy as np

from engine.training.arrays import Array
from engine.training.parameters import LayerParameters

# From about here on the product packs its right side anyhow, and a transposed copy costs more than it saves.
LARGE_WEIGHTS = 128 * 128


class Dense:
    """z = a W + b;  with δ = ∂L/∂z:  ∂L/∂W = aᵀ δ,  ∂L/∂b = Σ δ over the rows,  ∂L/∂a = δ Wᵀ.

    b is left out where batch norm follows, which would take it out again.
    """

    def __init__(
        self, own: LayerParameters, rows: int, gradients: LayerParameters | None = None, *, has_biases: bool = True
    ) -> None:
        """Without `gradients` it can go forward only."""
        self.weights, self.biases, self.has_biases = own.weights, own.biases, has_biases
        members, inputs, outputs = self.weights.shape
        dtype = self.weights.dtype
        self.z = np.empty((members, rows, outputs), dtype)
        if gradients is not None:
            self.weight_gradients, self.bias_gradients = gradients.weights, gradients.biases
            self.ones = np.ones((1, 1, rows), dtype)
            self.transposed = np.empty((members, outputs, inputs), dtype)
            self.input_gradient = np.empty((members, rows, inputs), dtype)

    def forward(self, a: Array) -> Array:
        self.a = a
        _multiply(a, self.weights, self.z)
        if self.has_biases:
            self.z += self.biases
        return self.z

    def backward(self, gradient: Array) -> Array:
        _multiply(self.a.mT, gradient, self.weight_gradients)
        if self.has_biases:
            # A product with ones sums the rows seven times as fast as np.sum over the middle axis.
            _multiply(self.ones, gradient, self.bias_gradients)
        _multiply(gradient, self._transposed_weights(), self.input_gradient)
        return self.input_gradient

    def _transposed_weights(self) -> Array:
        """Copied where they are small: there a product with a transposed right side runs at half the speed."""
        transposed = self.weights.mT
        if transposed[0].size < LARGE_WEIGHTS:
            np.copyto(self.transposed, transposed)
            return self.transposed
        return transposed


class FirstDense:
    """The same for the rows of a dataset, which end in a 1, so that one product does for W and b.

    Of the widest layer this saves two passes over its units. ∂L/∂a is not computed, as nothing learns from it.
    """

    def __init__(
        self, own: LayerParameters, rows: int, gradients: LayerParameters | None = None, *, has_biases: bool = True
    ) -> None:
        """Without `gradients` it can go forward only."""
        self.weights = own.weights_and_biases if has_biases else own.weights
        members, self.inputs, outputs = self.weights.shape
        self.z = np.empty((members, rows, outputs), self.weights.dtype)
        if gradients is not None:
            self.weight_gradients = gradients.weights_and_biases if has_biases else gradients.weights

    def forward(self, a: Array) -> Array:
        self.a = a[:, :, : self.inputs]
        _multiply(self.a, self.weights, self.z)
        return self.z

    def backward(self, gradient: Array) -> Array:
        _multiply(self.a.mT, gradient, self.weight_gradients)
        return gradient


def _multiply(left: Array, right: Array, out: Array) -> None:
    """Each member's product. For one member alone `dot` does the very same with half the overhead.

    But not of a slice, as of rows without their last 1: `dot` copies it first, and then sums in another order.
    """
    if len(out) == 1 and left[0].flags.forc:
        np.dot(left[0], right[0], out=out[0])
    else:
        np.matmul(left, right, out=out)
