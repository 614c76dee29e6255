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
    """Adds ∂/∂W of a pack's penalties: λ₂ / m W and λ₁ / m sign(W).

    L1 has a kink at 0, where steps along sign(W) would only jump to and fro. So a weight that a step carries across 0
    stops there, and leaves it only when that lowers the cost by more than it adds, |∂L/∂W| > λ₁ / m: the way of OWL-QN
    (Andrew and Gao 2007). This is what makes weights exactly 0.
    """

    def __init__(self, plans: Sequence[TrainingPlan], like: Parameters, rows: int) -> None:
        self.decay = _of_weights([plan.l2 / rows for plan in plans], like)
        self.pull = _of_weights([plan.l1 / rows for plan in plans], like)
        if self.decay is not None or self.pull is not None:
            self.buffer = np.empty_like(like.flat)
        if self.pull is not None:
            self.push, self.signs = -self.pull, np.empty_like(like.flat)
            self.is_zero, self.stops = np.empty(like.flat.shape, bool), np.empty(like.flat.shape, bool)

    def add(self, parameters: Array, gradients: Array) -> None:
        """Add to `gradients` (K, P) those of the penalties on `parameters` (K, P)."""
        if self.decay is not None:
            gradients += np.multiply(parameters, self.decay, out=self.buffer)
        if self.pull is not None:
            np.sign(parameters, out=self.signs)
            self._hold_at_zero(gradients)
            gradients += np.multiply(self.signs, self.pull, out=self.buffer)

    def _hold_at_zero(self, gradients: Array) -> None:
        """Take from the gradients of weights at 0 what L1 withstands, and note those of which nothing is left."""
        np.equal(self.signs, 0, out=self.is_zero)
        np.clip(gradients, self.push, self.pull, out=self.buffer)
        self.buffer *= self.is_zero
        gradients -= self.buffer
        np.equal(gradients, 0, out=self.stops)
        self.stops &= self.is_zero

    def stop_at_zero(self, parameters: Array) -> None:
        """After a step: set the weights to 0 that it carried across, or that momentum moved though L1 holds them."""
        if self.pull is not None:
            self.signs *= parameters
            self.signs *= self.pull  # so that what has no penalty may cross
            self.stops |= np.less(self.signs, 0, out=self.is_zero)
            np.copyto(parameters, 0, where=self.stops)


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
