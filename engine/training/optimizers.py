"""How a step follows from the gradients. One optimiser moves all parameters of a pack, a flat array (K, P).

Learning rates and decay constants are per member, (K, 1). The textbook's constants are folded together so that each
pass over the array does as much as it can: the passes over memory are what a step of a small network costs.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np

from engine.training.arrays import Array
from engine.training.averages import DecayingSum, flush_tiny
from engine.training.plan import TrainingPlan
from engine.training.values import OptimizerName


class Optimizer(Protocol):
    def prepare(self, rates: Array, steps: int) -> None:
        """Work out the constants of the next `steps` steps at learning rates `rates` (K, 1) float64.

        Done step by step this would cost a small network a tenth of its time.
        """

    def step(self, parameters: Array, gradients: Array) -> None:
        """Move `parameters` (K, P) in place; `gradients` (K, P) may be overwritten."""

    def flush(self) -> None:
        """Set what has all but decayed to 0, see `averages.flush_tiny`."""

    def keep(self, members: Sequence[int]) -> None:
        """Forget all members but those at these positions."""


class Sgd:
    """W ← W - α dW."""

    def __init__(self, _plans: Sequence[TrainingPlan], parameters: Array) -> None:
        self.dtype = parameters.dtype

    def prepare(self, rates: Array, _steps: int) -> None:
        self.rates = rates.astype(self.dtype)

    def step(self, parameters: Array, gradients: Array) -> None:
        gradients *= self.rates
        parameters -= gradients

    def flush(self) -> None:
        """It remembers nothing from step to step."""

    def keep(self, members: Sequence[int]) -> None:
        """It remembers nothing from step to step."""


class Momentum:
    """V ← β V + (1 - β) dW;  W ← W - α V.

    With 1 - β in it V is an average of the gradients, so the best α hardly depends on β. The form without
    (PyTorch's, Polyak's) takes a step 1 / (1 - β) times as long for the same α.
    """

    def __init__(self, plans: Sequence[TrainingPlan], parameters: Array) -> None:
        self.velocity = DecayingSum(_column(plans, lambda plan: plan.momentum), parameters)

    def prepare(self, rates: Array, _steps: int) -> None:
        self.rates = (rates * self.velocity.factor).astype(self.velocity.sum.dtype)

    def step(self, parameters: Array, gradients: Array) -> None:
        self.velocity.add(gradients)
        np.multiply(self.velocity.sum, self.rates, out=gradients)
        parameters -= gradients

    def flush(self) -> None:
        self.velocity.flush()

    def keep(self, members: Sequence[int]) -> None:
        self.velocity.keep(members)


class AdaGrad:
    """S ← S + dW²;  W ← W - α dW / (√S + ε)  (Duchi, Hazan and Singer 2011).

    S only grows, so the steps only shrink, also where they are still needed. RMSProp mends that.
    """

    def __init__(self, plans: Sequence[TrainingPlan], parameters: Array) -> None:
        self.epsilons = _column(plans, lambda plan: plan.epsilon).astype(parameters.dtype)
        self.sum, self.buffer = np.zeros_like(parameters), np.empty_like(parameters)

    def prepare(self, rates: Array, _steps: int) -> None:
        self.rates = rates.astype(self.sum.dtype)

    def step(self, parameters: Array, gradients: Array) -> None:
        np.multiply(gradients, gradients, out=self.buffer)
        self.sum += self.buffer
        np.sqrt(self.sum, out=self.buffer)
        self.buffer += self.epsilons
        gradients /= self.buffer
        gradients *= self.rates
        parameters -= gradients

    def flush(self) -> None:
        flush_tiny(self.sum)

    def keep(self, members: Sequence[int]) -> None:
        self.epsilons, self.sum = self.epsilons[members], self.sum[members]
        self.buffer = np.empty_like(self.sum)


class RmsProp:
    """V ← β₂ V + (1 - β₂) dW²;  W ← W - α dW / (√V + ε)  (Hinton 2012, lecture 6e; ε as in its implementations).

    With the sum V = r² V' and r = √(1 - β₂):  W ← W - (α / r) · dW / (√V' + ε / r).
    """

    def __init__(self, plans: Sequence[TrainingPlan], parameters: Array) -> None:
        self.epsilons = _column(plans, lambda plan: plan.epsilon)
        self.squares = DecayingSum(_column(plans, lambda plan: plan.beta_2_or_default), parameters)
        self.buffer = np.empty_like(parameters)

    def prepare(self, rates: Array, _steps: int) -> None:
        root, dtype = np.sqrt(self.squares.factor), self.buffer.dtype
        self.folded_rates, self.folded_epsilons = (rates / root).astype(dtype), (self.epsilons / root).astype(dtype)

    def step(self, parameters: Array, gradients: Array) -> None:
        np.multiply(gradients, gradients, out=self.buffer)
        self.squares.add(self.buffer)
        np.sqrt(self.squares.sum, out=self.buffer)
        self.buffer += self.folded_epsilons
        gradients /= self.buffer
        gradients *= self.folded_rates
        parameters -= gradients

    def flush(self) -> None:
        self.squares.flush()

    def keep(self, members: Sequence[int]) -> None:
        self.epsilons = self.epsilons[members]
        self.squares.keep(members)
        self.buffer = np.empty_like(self.squares.sum)


class Adam:
    """M ← β₁ M + (1 - β₁) dW;  V ← β₂ V + (1 - β₂) dW²;  W ← W - α M̂ / (√V̂ + ε)
    with the bias-corrected M̂ = M / (1 - β₁ᵗ) and V̂ = V / (1 - β₂ᵗ)  (Kingma and Ba 2015, algorithm 1).

    With the sums M̂ = f M' and V̂ = r² V':  W ← W - (α f / r) · M' / (√V' + ε / r).
    """

    def __init__(self, plans: Sequence[TrainingPlan], parameters: Array) -> None:
        self.epsilons = _column(plans, lambda plan: plan.epsilon)
        self.first = DecayingSum(_column(plans, lambda plan: plan.beta_1), parameters)
        self.second = DecayingSum(_column(plans, lambda plan: plan.beta_2_or_default), parameters)
        self.constants: Iterator[tuple[Array, Array]] = iter(())  # per step α f / r and ε / r, (K, 1) each

    def prepare(self, rates: Array, steps: int) -> None:
        root = np.sqrt(self.second.corrected_factors(steps))
        folded_rates = rates * self.first.corrected_factors(steps) / root
        dtype = self.first.sum.dtype
        self.constants = zip(folded_rates.astype(dtype), (self.epsilons / root).astype(dtype), strict=True)

    def step(self, parameters: Array, gradients: Array) -> None:
        rates, epsilons = next(self.constants)
        self.first.add(gradients)
        np.multiply(gradients, gradients, out=gradients)
        self.second.add(gradients)
        np.sqrt(self.second.sum, out=gradients)
        gradients += epsilons
        np.divide(self.first.sum, gradients, out=gradients)
        gradients *= rates
        parameters -= gradients

    def flush(self) -> None:
        self.first.flush()
        self.second.flush()

    def keep(self, members: Sequence[int]) -> None:
        self.epsilons = self.epsilons[members]
        self.first.keep(members)
        self.second.keep(members)


OPTIMIZERS: dict[OptimizerName, Callable[[Sequence[TrainingPlan], Array], Optimizer]] = {
    "sgd": Sgd,
    "momentum": Momentum,
    "adagrad": AdaGrad,
    "rmsprop": RmsProp,
    "adam": Adam,
}


def _column(plans: Sequence[TrainingPlan], of: Callable[[TrainingPlan], float]) -> Array:
    """(K, 1) float64."""
    return np.array([[of(plan)] for plan in plans], np.float64)
