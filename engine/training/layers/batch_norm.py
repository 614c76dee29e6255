"""Batch normalisation (Ioffe and Szegedy 2015) of z, by mini-batch while a network learns."""

from collections.abc import Sequence

import numpy as np

from engine.training.arrays import Array
from engine.training.averages import DecayingSum
from engine.training.parameters import LayerParameters, Parameters

EPSILON = 1e-5  # keeps the root of a variance of 0 from dividing by 0
RUNNING_BETA = 0.9  # the running averages look back over about 10 mini-batches


class BatchNorm:
    """ẑ = (z - μ) / √(σ² + ε),  y = γ ẑ + β, with the mean μ and the variance σ² (over n) of the batch's rows.

    ∂L/∂β = Σ ∂L/∂y,  ∂L/∂γ = Σ ∂L/∂y ẑ,  ∂L/∂z = γ / √(σ² + ε) (∂L/∂y - ∂L/∂β / B - ẑ ∂L/∂γ / B).
    """

    def __init__(
        self, own: LayerParameters, gradients: LayerParameters, averages: "RunningAverages", rows: int
    ) -> None:
        members, _, units = own.weights.shape
        dtype = own.weights.dtype
        assert own.scales is not None
        assert gradients.scales is not None
        self.gammas, self.betas = own.scales, own.biases
        self.gamma_gradients, self.beta_gradients = gradients.scales, gradients.biases
        self.averages = averages
        self.rows = rows
        self.ones = np.ones((1, rows), dtype)
        self.share = np.full((1, rows), 1 / rows, dtype)
        self.normalised = np.empty((members, rows, units), dtype)
        self.outputs, self.buffer = np.empty_like(self.normalised), np.empty_like(self.normalised)

    def forward(self, a: Array) -> Array:
        mean = np.matmul(self.share, a)  # (K, 1, H)
        np.subtract(a, mean, out=self.normalised)
        np.multiply(self.normalised, self.normalised, out=self.buffer)
        variance = np.matmul(self.share, self.buffer)
        self.averages.add(mean, variance)
        self.inverse = 1 / np.sqrt(variance + EPSILON)
        self.normalised *= self.inverse
        np.multiply(self.normalised, self.gammas, out=self.outputs)
        self.outputs += self.betas
        return self.outputs

    def backward(self, gradient: Array) -> Array:
        np.matmul(self.ones, gradient, out=self.beta_gradients)
        np.multiply(gradient, self.normalised, out=self.buffer)
        np.matmul(self.ones, self.buffer, out=self.gamma_gradients)
        np.multiply(self.normalised, self.gamma_gradients / self.rows, out=self.buffer)
        gradient -= self.beta_gradients / self.rows
        gradient -= self.buffer
        gradient *= self.gammas * self.inverse
        return gradient


class RunningAverages:
    """The exponentially weighted averages of one layer's batch means and variances: what it answers with."""

    def __init__(self, members: int, units: int, dtype: np.dtype) -> None:
        betas = np.full((members, 1), RUNNING_BETA)
        self.units = units
        self.moments = DecayingSum(betas, np.empty((members, 2 * units), dtype))  # means, then variances

    def add(self, mean: Array, variance: Array) -> None:
        """Count in a batch's (K, 1, H) each."""
        self.moments.add(np.concatenate((mean, variance), axis=2)[:, 0])

    def write(self, means: Array, variances: Array) -> None:
        """Set (K, 1, H) each to the bias-corrected averages."""
        average = self.moments.average()
        means[:, 0], variances[:, 0] = average[:, : self.units], average[:, self.units :]

    def keep(self, members: Sequence[int]) -> None:
        self.moments.keep(members)


def fold(learned: Parameters, plain: Parameters) -> None:
    """Write to `plain` the networks without batch norm that answer as those of `learned` do.

    With fixed statistics batch norm is linear in z, so it goes into the weights: one row alone can be answered.
    """
    for layer, target in zip(learned.layers, plain.layers, strict=True):
        np.copyto(target.weights, layer.weights)
        np.copyto(target.biases, layer.biases)
    for layer, target, statistics in zip(learned.layers, plain.layers, learned.statistics, strict=False):
        factors = layer.scales / np.sqrt(statistics.variances + EPSILON)
        np.multiply(layer.weights, factors, out=target.weights)
        np.subtract(layer.biases, statistics.means * factors, out=target.biases)
