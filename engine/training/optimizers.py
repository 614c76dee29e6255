"""How a step follows from the gradients. One optimiser moves all parameters of a pack, a flat array (K, P).

Rates and decay constants are per member, (K, 1). The textbook's constants are folded together so that each pass
over the array does as much as it can: the passes over memory are what a step of a small network costs.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from engine.training.arrays import Array
from engine.training.averages import DecayingSum
from engine.training.plan import OptimizerName, TrainingPlan


class Optimizer(Protocol):
    def step(self, parameters: Array, gradients: Array) -> None:
        """Move `parameters` (K, P) in place; `gradients` (K, P) may be overwritten."""

    def end_epoch(self) -> None:
        """Tidy up where it costs little."""

    def keep(self, members: Sequence[int]) -> None:
        """Forget all members but those at these positions."""


class Sgd:
    """W ← W - α dW."""

    def __init__(self, plans: Sequence[TrainingPlan], _parameters: Array) -> None:
        self.rates = _column(plans, lambda plan: plan.learning_rate)

    def step(self, parameters: Array, gradients: Array) -> None:
        gradients *= self.rates.astype(gradients.dtype)
        parameters -= gradients

    def end_epoch(self) -> None:
        """It remembers nothing from step to step."""

    def keep(self, members: Sequence[int]) -> None:
        self.rates = self.rates[members]


class Momentum:
    """V ← β V + (1 - β) dW;  W ← W - α V.

    With 1 - β in it V is an average of the gradients, so the best α hardly depends on β. The form without
    (PyTorch's, Polyak's) takes a step 1 / (1 - β) times as long for the same α.
    """

    def __init__(self, plans: Sequence[TrainingPlan], parameters: Array) -> None:
        self.rates = _column(plans, lambda plan: plan.learning_rate)
        self.velocity = DecayingSum(_column(plans, lambda plan: plan.momentum), parameters)

    def step(self, parameters: Array, gradients: Array) -> None:
        self.velocity.add(gradients)
        rates = (self.rates * self.velocity.factor).astype(gradients.dtype)
        np.multiply(self.velocity.sum, rates, out=gradients)
        parameters -= gradients

    def end_epoch(self) -> None:
        self.velocity.flush()

    def keep(self, members: Sequence[int]) -> None:
        self.rates = self.rates[members]
        self.velocity.keep(members)


class Adam:
    """M ← β₁ M + (1 - β₁) dW;  V ← β₂ V + (1 - β₂) dW²;  W ← W - α M̂ / (√V̂ + ε)
    with the bias-corrected M̂ = M / (1 - β₁ᵗ) and V̂ = V / (1 - β₂ᵗ)  (Kingma and Ba 2015, algorithm 1).

    With the sums M̂ = f M' and V̂ = r² V':  W ← W - (α f / r) · M' / (√V' + ε / r).
    """

    def __init__(self, plans: Sequence[TrainingPlan], parameters: Array) -> None:
        self.rates = _column(plans, lambda plan: plan.learning_rate)
        self.epsilons = _column(plans, lambda plan: plan.epsilon)
        self.first = DecayingSum(_column(plans, lambda plan: plan.beta_1), parameters)
        self.second = DecayingSum(_column(plans, lambda plan: plan.beta_2), parameters)

    def step(self, parameters: Array, gradients: Array) -> None:
        self.first.add(gradients)
        np.multiply(gradients, gradients, out=gradients)
        self.second.add(gradients)
        root = np.sqrt(self.second.corrected_factor)
        rates = self.rates * self.first.corrected_factor / root
        np.sqrt(self.second.sum, out=gradients)
        gradients += (self.epsilons / root).astype(gradients.dtype)
        np.divide(self.first.sum, gradients, out=gradients)
        gradients *= rates.astype(gradients.dtype)
        parameters -= gradients

    def end_epoch(self) -> None:
        self.first.flush()
        self.second.flush()

    def keep(self, members: Sequence[int]) -> None:
        self.rates, self.epsilons = self.rates[members], self.epsilons[members]
        self.first.keep(members)
        self.second.keep(members)


OPTIMIZERS: dict[OptimizerName, Callable[[Sequence[TrainingPlan], Array], Optimizer]] = {
    "sgd": Sgd,
    "momentum": Momentum,
    "adam": Adam,
}


def _column(plans: Sequence[TrainingPlan], of: Callable[[TrainingPlan], float]) -> Array:
    """(K, 1) float64."""
    return np.array([[of(plan)] for plan in plans], np.float64)
