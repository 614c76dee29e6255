"""BFGS: the minimum of a smooth function of a few variables, from its gradients."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Function = Callable[
    [Array], tuple[float, Array]
]  # the value at a point, infinity where there is none, and the gradient

LONGEST_STEP = 1.0  # in any variable: before the curvature is known, steps would be as long as the gradient is steep
SHORTEST_STEP = 1e-3  # of the full one: below, the search has come as far as it can
SUFFICIENT = 1e-4  # of the decrease that the slope promises (Armijo's rule)


def minimum(function: Function, start: Array, most_steps: int, tolerance: float) -> Array:
    """Return the lowest point that at most `most_steps` steps downhill from `start` reach.

        step      s = -H g, cut to LONGEST_STEP, then halved until f falls enough
        then      H ← (I - s yᵀ / yᵀs) H (I - y sᵀ / yᵀs) + s sᵀ / yᵀs

    g is the gradient, y its change over the step, H (n, n) an estimate of the inverse second derivatives. The search
    ends where no entry of g exceeds `tolerance`. Nocedal and Wright, "Numerical Optimization", 2006, algorithm 6.1.
    """
    point = start
    value, gradient = function(point)
    curvatures = np.eye(len(start))
    for _ in range(most_steps):
        if np.abs(gradient).max() <= tolerance:
            break
        found = _line_search(function, point, value, gradient, -curvatures @ gradient)
        if found is None:
            break
        step, value, next_gradient = found
        curvatures = _updated(curvatures, step, next_gradient - gradient)
        point, gradient = point + step, next_gradient
    return point


def _line_search(
    function: Function, point: Array, value: float, gradient: Array, direction: Array
) -> tuple[Array, float, Array] | None:
    """Return a step along `direction` that goes down far enough, with value and gradient there; None if none does."""
    step = direction * LONGEST_STEP / max(float(np.abs(direction).max()), LONGEST_STEP)
    share = 1.0
    while share >= SHORTEST_STEP:
        next_value, next_gradient = function(point + share * step)
        if next_value <= value + SUFFICIENT * share * float(gradient @ step):
            return share * step, next_value, next_gradient
        share /= 2
    return None


def _updated(curvatures: Array, step: Array, change: Array) -> Array:
    """H after a step over which the gradient changed by `change`; as it was where the function bends down."""
    along = float(change @ step)
    if along <= 0.0:
        return curvatures
    left = np.eye(len(step)) - np.outer(step, change) / along
    return left @ curvatures @ left.T + np.outer(step, step) / along
