"""What the results of two points have in common: the Matérn-5/2 covariance, and how well results fit it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEAST_NOISE = 1e-4  # of the results' variance: two trials at one point must not make the covariance singular
CLOSEST = 1e-8  # the least distance of two points: rounding leaves squares a little below zero

ROOT_5 = math.sqrt(5.0)


@dataclass(frozen=True)
class Kernel:
    """A covariance with one length scale per parameter.

        k(a, b) = σ² (1 + d + d² / 3) exp(-d),    d = √5 · √(Σ_j |a_j - b_j|² / l_j²)

    A point has one or several columns for parameter j; those are a_j. A result is the function plus noise. Rasmussen
    and Williams, "Gaussian Processes for Machine Learning", 2006, (4.17).
    """

    parameter_of: NDArray[np.intp]  # (columns,): the parameter that each column belongs to
    logarithms: Array  # (parameters + 2,): of the length scales, of σ² and of the variance of the noise

    @property
    def signal(self) -> float:
        return math.exp(self.logarithms[-2])

    @property
    def noise(self) -> float:
        return math.exp(self.logarithms[-1]) + LEAST_NOISE

    def scaled(self, points: Array) -> Array:
        """Divide the columns of points (n, columns) by their length scales."""
        return points * np.exp(-self.logarithms[:-2])[self.parameter_of]

    def covariance(self, scaled: Array, others: Array) -> Array:
        """Return k for each pair of scaled points: (n, others)."""
        distances = _distances(scaled, others)
        return self.signal * (1.0 + distances + distances * distances / 3.0) * np.exp(-distances)

    def inverse_factor(self, scaled: Array) -> Array:
        """Return L⁻¹ (n, n), where L Lᵀ is the covariance of the results at scaled points."""
        covariance = self.covariance(scaled, scaled)
        covariance.flat[:: len(scaled) + 1] += self.noise
        return np.linalg.inv(np.linalg.cholesky(covariance))


def surprise(kernel: Kernel, points: Array, results: Array) -> tuple[float, Array]:
    """Return how surprising `results` (n,) at `points` (n, columns) are, and the gradient by `kernel.logarithms`.

        surprise = ½ yᵀ K⁻¹ y + ½ log |K|            the negative log marginal likelihood, without its constant
        gradient = Σ_ab W_ab ∂K_ab,   W = ½ (K⁻¹ - K⁻¹y (K⁻¹y)ᵀ)

    ∂k / ∂ log l_j is 5/3 σ² (1 + d) exp(-d) |a_j - b_j|² / l_j². Rasmussen and Williams, (5.9).
    """
    scaled = kernel.scaled(points)
    inverse_factor = kernel.inverse_factor(scaled)
    inverse = inverse_factor.T @ inverse_factor
    weights = inverse @ results
    value = 0.5 * float(results @ weights) - float(np.log(np.diag(inverse_factor)).sum())
    by_covariance = 0.5 * (inverse - np.outer(weights, weights))
    distances = _distances(scaled, scaled)
    decay = kernel.signal * np.exp(-distances)
    by_column = _weighted_squares(by_covariance * (5.0 / 3.0 * (1.0 + distances) * decay), scaled)
    gradient = np.empty_like(kernel.logarithms)
    gradient[:-2] = np.bincount(kernel.parameter_of, by_column, minlength=len(gradient) - 2)
    gradient[-2] = np.sum(by_covariance * (1.0 + distances + distances * distances / 3.0) * decay)
    gradient[-1] = np.trace(by_covariance) * (kernel.noise - LEAST_NOISE)
    return value, gradient


def _distances(scaled: Array, others: Array) -> Array:
    """Return d for each pair: by |a|² + |b|² - 2 aᵀb, one matrix product for all columns."""
    squares = np.square(scaled).sum(axis=1)[:, None] + np.square(others).sum(axis=1) - 2.0 * (scaled @ others.T)
    return ROOT_5 * np.sqrt(np.maximum(squares, CLOSEST**2))


def _weighted_squares(weights: Array, points: Array) -> Array:
    """Return Σ_ab weights_ab (a - b)² for each column of the points; the weights (n, n) are symmetric."""
    return 2.0 * (weights.sum(axis=1) @ np.square(points) - (points * (weights @ points)).sum(axis=0))
