"""Which plans can train together, and the widths they are computed at."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.training.activations import ActivationName
from engine.training.arrays import Array
from engine.training.plan import OptimizerName, TrainingPlan

WIDTH_STEP = 32  # free widths are rounded up to multiples of this, so that neighbours in size can share a pack


@dataclass(frozen=True)
class PackKey:
    """What fixes the shape of the arithmetic. It is a function of a plan alone: its bits depend on it."""

    widths: tuple[int, ...]
    activation: ActivationName
    optimizer: OptimizerName
    batch_size: int
    normalize_inputs: bool
    decays_weights: bool
    metric: str | None

    def __str__(self) -> str:
        """Short and readable: `64-64 relu adam batch 32`."""
        words = ["-".join(map(str, self.widths)), self.activation, self.optimizer, f"batch {self.batch_size}"]
        words += ["l2"] if self.decays_weights else []
        words += [] if self.normalize_inputs else ["raw inputs"]
        return " ".join(words)


def pack_key(plan: TrainingPlan) -> PackKey:
    return PackKey(
        widths=tuple(compute_width(units) for units in plan.hidden_units),
        activation=plan.activation,
        optimizer=plan.optimizer,
        batch_size=plan.batch_size,
        normalize_inputs=plan.normalize_inputs,
        decays_weights=plan.l2 > 0,
        metric=plan.metric,
    )


def compute_width(units: int) -> int:
    return -(-units // WIDTH_STEP) * WIDTH_STEP


def group_by_key(plans: Sequence[TrainingPlan]) -> list[list[int]]:
    """Positions of the plans that can train together, in the order of their first member."""
    groups: dict[PackKey, list[int]] = {}
    for position, plan in enumerate(plans):
        groups.setdefault(pack_key(plan), []).append(position)
    return list(groups.values())


def unit_masks(widths: Sequence[int], plans: Sequence[TrainingPlan]) -> list[Array]:
    """Per hidden layer (K, 1, width) float32: 1 for a member's own units, 0 for its padding."""
    masks = []
    for layer, width in enumerate(widths):
        own = np.array([plan.hidden_units[layer] for plan in plans])[:, None, None]
        masks.append((np.arange(width) < own).astype(np.float32))
    return masks
