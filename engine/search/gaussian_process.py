"""A Gaussian process: what the results so far say of points not yet tried, and how sure that is."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.search.bfgs import minimum
from engine.search.kernel import Kernel, surprise

Array = NDArray[np.float64]

# What is believed before any result, of the logarithms: mean and standard deviation. Points lie in the unit cube and
# results have variance 1.
LENGTH_SCALE = (math.log(0.7), 1.0)
SIGNAL = (0.0, 0.7)
NOISE = (math.log(0.1), 1.5)

MOST_STEPS = 25
TOLERANCE = 0.1  # of the gradient: nearer to the best kernel, predictions no longer change
LEAST_VARIANCE = 1e-12  # rounding leaves some a little below zero


@dataclass(frozen=True)
class GaussianProcess:
    """A normal distribution over functions, given results at some points.

        mean(x) = k(x)ᵀ K⁻¹ y        variance(x) = σ² - k(x)ᵀ K⁻¹ k(x)

    k(x) are the covariances of x with the points told, K those among their results.
    """

    kernel: Kernel
    scaled: Array  # (n, columns): the points told, and those expected
    inverse_factor: Array  # (n, n): L⁻¹, with L Lᵀ = K
    weights: Array  # (told,): K⁻¹ y of the points told

    @classmethod
    def told(cls, kernel: Kernel, points: Array, results: Array) -> "GaussianProcess":
        """Return what `results` (n,) at `points` (n, columns) say."""
        scaled = kernel.scaled(points)
        inverse_factor = kernel.inverse_factor(scaled)
        return cls(kernel, scaled, inverse_factor, inverse_factor.T @ (inverse_factor @ results))

    def mean(self, points: Array) -> Array:
        """Return the mean at each of the points, which costs n for each, and not n² as the variance does."""
        told = len(self.weights)
        return self.weights @ self.kernel.covariance(self.scaled[:told], self.kernel.scaled(points))

    def predicted(self, points: Array) -> tuple[Array, Array]:
        """Return the mean and the variance, without the noise of a result, at each of the points."""
        covariance = self.kernel.covariance(self.scaled, self.kernel.scaled(points))
        variance = self.kernel.signal - np.square(self.inverse_factor @ covariance).sum(axis=0)
        return self.weights @ covariance[: len(self.weights)], np.maximum(variance, LEAST_VARIANCE)

    def expecting(self, point: Array) -> "GaussianProcess":
        """Return what will be known after a result at `point` (columns,) that is just as predicted.

        That makes the variance round it smaller and leaves the mean everywhere as it is. L⁻¹ gains one row.
        """
        count = len(self.scaled)
        scaled = self.kernel.scaled(point[None])
        row = self.inverse_factor @ self.kernel.covariance(self.scaled, scaled)[:, 0]
        corner = 1.0 / math.sqrt(max(self.kernel.signal + self.kernel.noise - float(row @ row), LEAST_VARIANCE))
        grown = np.zeros((count + 1, count + 1))
        grown[:count, :count] = self.inverse_factor
        grown[count, :count] = -corner * (row @ self.inverse_factor)
        grown[count, count] = corner
        return replace(self, scaled=np.vstack([self.scaled, scaled]), inverse_factor=grown)


def likeliest_kernel(parameter_of: NDArray[np.intp], points: Array, results: Array) -> Kernel:
    """Return the kernel under which results and the beliefs above are least surprising together.

    The results (n,) have mean 0 and variance 1.
    """
    parameters = int(parameter_of[-1]) + 1
    means, spreads = np.array([LENGTH_SCALE] * parameters + [SIGNAL, NOISE]).T

    def total_surprise(logarithms: Array) -> tuple[float, Array]:
        away = (logarithms - means) / spreads
        try:
            value, gradient = surprise(Kernel(parameter_of, logarithms), points, results)
        except np.linalg.LinAlgError:  # rounding made the covariance singular
            return math.inf, away
        return value + 0.5 * float(away @ away), gradient + away / spreads

    return Kernel(parameter_of, minimum(total_surprise, means, MOST_STEPS, TOLERANCE))
