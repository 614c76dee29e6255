"""What large weights cost, and so what pulls them back: L2 (weight decay) and L1.

The cost grows by λ₂ / (2m) Σ W² and by λ₁ / m Σ |W|, with m the number of training rows. Biases and the γ and β of
batch norm are left out.
"""

from collections.abc import Sequence

import numpy as np

from engine.training.arrays import Array
from engine.training.parameters import Parameters
from engine.training.plan import TrainingPlan


class Penalties:
    """Adds ∂/∂W of a pack's penalties: λ₂ / m W and λ₁ / m sign(W), with 0 for the sign of 0."""

    def __init__(self, plans: Sequence[TrainingPlan], like: Parameters, rows: int) -> None:
        self.decay = _of_weights([plan.l2 / rows for plan in plans], like)
        self.pull = _of_weights([plan.l1 / rows for plan in plans], like)
        self.buffer = np.empty_like(like.flat) if self.decay is not None or self.pull is not None else None

    def add(self, parameters: Array, gradients: Array) -> None:
        """Add to `gradients` (K, P) those of the penalties on `parameters` (K, P)."""
        if self.decay is not None:
            gradients += np.multiply(parameters, self.decay, out=self.buffer)
        if self.pull is not None:
            np.sign(parameters, out=self.buffer)
            self.buffer *= self.pull
            gradients += self.buffer


def penalty(plan: TrainingPlan, weights: Sequence[Array], rows: int) -> float:
    """The cost of one network's weights, given layer by layer."""
    squares = sum(float(np.square(each).sum()) for each in weights)
    sizes = sum(float(np.abs(each).sum()) for each in weights)
    return plan.l2 / (2 * rows) * squares + plan.l1 / rows * sizes


def _of_weights(factors: Sequence[float], like: Parameters) -> Array | None:
    """(K, P): each member's factor at its weights and 0 elsewhere; None where nobody has one.

    A pack key holds plans that all have a factor or all have none, so no bit depends on a neighbour.
    """
    if not any(factors):
        return None
    spread = like.zeros_like()
    for weights in spread.weights:
        weights += np.array(factors)[:, None, None]
    return spread.flat
