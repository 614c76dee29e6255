"""How much better than the best so far a point may turn out."""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FAR_BELOW = -25.0  # standard deviations: from here on the plain formula loses too many digits

_erfc = np.vectorize(math.erfc, otypes=[np.float64])  # NumPy has none


def log_expected_improvement(mean: Array, variance: Array, best: float) -> Array:
    """Return log E[max(best - f, 0)], where f is normally distributed.

        E = σ (φ(z) + z Φ(z)),   z = (best - mean) / σ        φ the normal density, Φ its integral

    The logarithm tells points apart whose E is zero to the last bit (Ament and others, "Unexpected Improvements to
    Expected Improvement for Bayesian Optimization", NeurIPS 2023). Far below zero the bracket is the series
    φ(z) / z² · (1 - 3 / z² + 15 / z⁴).
    """
    deviation = np.sqrt(variance)
    z = (best - mean) / deviation
    near, far = np.maximum(z, FAR_BELOW), np.minimum(z, FAR_BELOW)
    below = 0.5 * _erfc(-near / math.sqrt(2.0))
    bracket = np.exp(-0.5 * near * near) / math.sqrt(2.0 * math.pi) + near * below
    tail = np.log1p((-3.0 + 15.0 / (far * far)) / (far * far))
    series = -0.5 * far * far - 0.5 * math.log(2.0 * math.pi) - 2.0 * np.log(-far) + tail
    return np.log(deviation) + np.where(z > FAR_BELOW, np.log(bracket), series)
