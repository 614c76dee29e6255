"""Which plans can train together, and the widths they are computed at."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.training.arrays import Array
from engine.training.layers.activations import ActivationName
from engine.training.plan import TrainingPlan
from engine.training.values import OptimizerName


@dataclass(frozen=True)
class PackKey:
    """What fixes the shape of the arithmetic. It is a function of a plan alone: its bits depend on it."""

    widths: tuple[int, ...]
    activation: ActivationName
    optimizer: OptimizerName
    batch_size: int
    normalize_inputs: bool
    has_l1: bool
    has_l2: bool
    batch_norm: bool
    drops: tuple[bool, ...]
    augments: bool
    metric: str | None

    def __str__(self) -> str:
        """Short and readable: `64-64 relu adam batch 32`."""
        words = ["-".join(map(str, self.widths)), self.activation, self.optimizer, f"batch {self.batch_size}"]
        words += ["l1"] if self.has_l1 else []
        words += ["l2"] if self.has_l2 else []
        words += ["batch norm"] if self.batch_norm else []
        words += [f"dropout {layer}" for layer, drops in enumerate(self.drops, start=1) if drops]
        words += ["augmented"] if self.augments else []
        words += [] if self.normalize_inputs else ["raw inputs"]
        return " ".join(words)


def pack_key(plan: TrainingPlan) -> PackKey:
    return PackKey(
        widths=tuple(-(-units // plan.width_step) * plan.width_step for units in plan.hidden_units),
        activation=plan.activation,
        optimizer=plan.optimizer,
        batch_size=plan.batch_size,
        normalize_inputs=plan.normalize_inputs,
        has_l1=plan.l1 > 0,
        has_l2=plan.l2 > 0,
        batch_norm=plan.batch_norm,
        drops=plan.drops,
        augments=plan.augmentation is not None,
        metric=plan.metric,
    )


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
