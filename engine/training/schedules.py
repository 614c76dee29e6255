"""How the learning rate falls while a network learns: α as a function of the epoch, which counts from 1.

α₀ is the plan's `learning_rate`.
"""

from bisect import bisect_right
from collections.abc import Callable

from engine.training.plan import TrainingPlan
from engine.training.values import ScheduleName


def constant(plan: TrainingPlan, _epoch: int) -> float:
    """α = α₀."""
    return plan.learning_rate


def time(plan: TrainingPlan, epoch: int) -> float:
    """α = α₀ / (1 + decay_rate · epoch)."""
    return plan.learning_rate / (1 + plan.decay_rate_or_default * epoch)


def exponential(plan: TrainingPlan, epoch: int) -> float:
    """α = α₀ · decay_rate^epoch."""
    return plan.learning_rate * plan.decay_rate_or_default**epoch


def sqrt(plan: TrainingPlan, epoch: int) -> float:
    """α = α₀ · decay_k / √epoch."""
    return plan.learning_rate * plan.decay_k / epoch**0.5


def staircase(plan: TrainingPlan, epoch: int) -> float:
    """α = α₀ · decay_rate^s, one stair s further after every `decay_every` epochs."""
    return plan.learning_rate * plan.decay_rate_or_default ** ((epoch - 1) // plan.decay_every)


def manual(plan: TrainingPlan, epoch: int) -> float:
    """The rate of the last entry of `rates` that has begun; α₀ before the first."""
    begun = bisect_right([first_epoch for first_epoch, _ in plan.rates], epoch)
    return plan.rates[begun - 1][1] if begun else plan.learning_rate


SCHEDULES: dict[ScheduleName, Callable[[TrainingPlan, int], float]] = {
    "constant": constant,
    "time": time,
    "exponential": exponential,
    "sqrt": sqrt,
    "staircase": staircase,
    "manual": manual,
}


def learning_rate(plan: TrainingPlan, epoch: int) -> float:
    """α in epoch `epoch`, counted from 1."""
    return SCHEDULES[plan.schedule](plan, epoch)
