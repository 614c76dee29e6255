"""The same bits alone as in a pack for plans drawn over every training value, with hidden sizes of their own.

A new training value belongs into one of the two tables: into KEY if all members of a pack share it, else into OWN.
"""

from collections.abc import Callable, Mapping
from typing import Any, get_args

import numpy as np
import pytest

from engine.training.layers.activations import ActivationName
from engine.training.packing import group_by_key
from engine.training.plan import TrainingPlan
from engine.training.values import LAYER_NAMES, RULES, InitializerName, OptimizerName, ScheduleName
from tests.engine.training.same_bits import assert_same_alone, bits_but_signs_of_nan
from tests.engine.training.small_data import TASKS, pictures

MEMBERS = 5
DEEPEST = 3

Draw = Callable[[np.random.Generator], Any]


def one_of(*choices: Any) -> Draw:
    return lambda rng: choices[rng.integers(len(choices))]


def between(low: float, high: float) -> Draw:
    return lambda rng: float(rng.uniform(low, high))


def at_scale(low: float, high: float) -> Draw:
    return lambda rng: float(10 ** rng.uniform(low, high))


KEY: dict[str, Draw] = {
    "hidden_layers": one_of(*range(1, DEEPEST + 1)),
    "activation": one_of(*get_args(ActivationName)),
    "optimizer": one_of(*get_args(OptimizerName)),
    "batch_size": one_of(2, 13, 20, 61, 100),
    "batch_norm": one_of(True, False),
    "normalize_inputs": one_of(True, True, False),
}
SWITCHED: dict[str, Draw] = {  # whether they are on is in the key, how much is not
    "l1": at_scale(-2, 0),
    "l2": at_scale(-2, 1),
    "augmentation": lambda rng: {
        "shift": int(rng.integers(3)),
        "flip": bool(rng.integers(2)),
        "rotate": float(rng.uniform(0, 90)),
        "noise": float(rng.uniform(0, 0.5)),
    },
    **{f"keep_prob_{layer}": between(0.2, 0.99) for layer in range(1, DEEPEST + 1)},
}
OWN: dict[str, Draw] = {
    "initializer": one_of(*get_args(InitializerName)),
    "learning_rate": at_scale(-4, 1),  # some diverge
    "momentum": between(0, 0.99),
    "beta_1": between(0, 0.99),
    "beta_2": one_of(None, 0.5, 0.99),
    "epsilon": at_scale(-8, -3),
    "epochs": one_of(1, 2, 3, 5),
    "schedule": one_of(*get_args(ScheduleName)),
    "decay_rate": one_of(None, 0.3, 0.9),
    "decay_k": between(0.1, 1),
    "decay_every": one_of(1, 2),
    "rates": one_of([[2, 0.01], [3, 0.001]], [[1, 0.1]]),
    "early_stopping_patience": one_of(None, 1, 2),
    "record_batch_losses": one_of(True, False),
}


WIDTHS = (32, 100)  # at which layers of free sizes are computed
LARGEST_EXACT = 40  # of sizes that all members share, which are computed as they are


def units_up_to(largest: int) -> dict[str, Draw]:
    return {f"hidden_units_{layer}": lambda rng: int(rng.integers(1, largest + 1)) for layer in range(1, DEEPEST + 1)}


def drawn(table: Mapping[str, Draw], rng: np.random.Generator) -> dict[str, Any]:
    return {name: draw(rng) for name, draw in table.items()}


def drawn_pack(seed: int) -> list[TrainingPlan]:
    """Plans of one key that differ in all the rest."""
    rng = np.random.default_rng(seed)
    shared = drawn(KEY, rng)
    own = {name: draw for name, draw in SWITCHED.items() if rng.integers(2)} | OWN
    if seed % 2:
        width_step = 1
        shared |= drawn(units_up_to(LARGEST_EXACT), rng)
    else:
        width_step = WIDTHS[rng.integers(len(WIDTHS))]
        own |= units_up_to(width_step)
    return [
        TrainingPlan.from_values(shared | drawn(own, rng), seed=member, width_step=width_step)
        for member in range(MEMBERS)
    ]


def test_every_training_value_is_drawn() -> None:
    of_layers = {f"{name}_{layer}" for name in LAYER_NAMES for layer in range(1, DEEPEST + 1)}
    drawn_names = KEY.keys() | SWITCHED.keys() | OWN.keys() | units_up_to(1).keys()
    assert drawn_names == (RULES.keys() - LAYER_NAMES.keys()) | of_layers


@pytest.mark.parametrize("seed", range(120))
def test_any_plan_has_the_same_bits_alone_and_beside_others_of_its_key(seed: int) -> None:
    plans = drawn_pack(seed)
    assert len(group_by_key(plans)) == 1
    is_augmented = plans[0].augmentation is not None
    dataset = pictures() if is_augmented else list(TASKS.values())[seed % len(TASKS)]
    assert_same_alone(plans, dataset, bits_but_signs_of_nan)
