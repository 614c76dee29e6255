"""The memory that packs are said to need, against what they take."""

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.training.augmentation import Augmentation
from engine.training.data_shape import DataShape
from engine.training.dataset import Dataset
from engine.training.memory import costliest, member_bytes, most_members, pack_bytes, shared_bytes
from engine.training.plan import TrainingPlan
from engine.training.train import train_pack

PLAN = TrainingPlan(epochs=2)


def table(classes: int, train_rows: int, dev_rows: int, features: int) -> Dataset:
    """Rows of noise: what is in them costs nothing."""
    rng = np.random.default_rng(0)

    def rows(count: int) -> tuple[np.ndarray, np.ndarray]:
        inputs = rng.normal(size=(count, features)).astype(np.float32)
        return inputs, np.arange(count) % classes if classes else rng.normal(size=count)

    return Dataset.from_rows("classification" if classes else "regression", rows(train_rows), rows(dev_rows))


TABLES = {
    "some rows": table(10, 1000, 300, 30),
    "many rows": table(3, 8_000, 3_000, 10),
    "many dev rows": table(10, 500, 4_000, 20),
    "many columns": replace(table(3, 600, 200, 784), image_shape=(28, 28, 1)),
    "many classes": table(150, 2_000, 500, 20),
    "two classes": table(2, 3_000, 1_000, 20),
    "regression": table(0, 3_000, 1_000, 20),
}
PLANS = {
    "default": PLAN,
    "narrow": replace(PLAN, hidden_units=(4,)),
    "wide": replace(PLAN, hidden_units=(400, 400)),
    "padded": replace(PLAN, hidden_units=(33, 33), width_step=32),
    "deep": replace(PLAN, hidden_units=(64,) * 8, activation="tanh"),
    "sigmoid": replace(PLAN, activation="sigmoid"),
    "leaky relu": replace(PLAN, activation="leaky_relu"),
    "dropout": replace(PLAN, keep_probs=(0.5, 0.5)),
    "batch norm": replace(PLAN, batch_norm=True),
    "all on": replace(PLAN, keep_probs=(0.5, 0.9), batch_norm=True, l1=0.1, l2=0.1, early_stopping_patience=1),
    "large batch": replace(PLAN, batch_size=500, hidden_units=(128,)),
    "short last batch": replace(PLAN, batch_size=499, batch_norm=True),
    "batch of one": replace(PLAN, batch_size=1, epochs=1, hidden_units=(16,)),
    "raw inputs": replace(PLAN, normalize_inputs=False),
    "macro metric": replace(PLAN, metric="f1"),
    "recorded": replace(PLAN, record_batch_losses=True),
    **{
        f"wide {name}": replace(PLAN, optimizer=name, hidden_units=(300, 300))
        for name in ("sgd", "momentum", "rmsprop")
    },
    **{f"wide {name}": replace(PLAN, optimizer=name, hidden_units=(300, 300)) for name in ("adagrad", "adam")},
}


def peak_bytes(plans: list[TrainingPlan], dataset: Dataset) -> int:
    tracemalloc.start()
    try:
        train_pack(plans, dataset)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def assert_estimate_holds(plan: TrainingPlan, members: int, dataset: Dataset) -> None:
    """Members leave one after another, so that there is also a moment with the copies of those who go on."""
    plans = [replace(plan, seed=seed, epochs=min(plan.epochs, 1 + seed)) for seed in range(members)]
    peak, estimate = peak_bytes(plans, dataset), pack_bytes(plan, members, DataShape.of(dataset))
    assert peak <= estimate <= 3 * peak, f"{peak / 1e6:.2f} MB of {estimate / 1e6:.2f} MB"


@pytest.mark.parametrize("name", PLANS)
def test_the_estimate_is_above_what_a_pack_takes_and_not_far_above_for_any_plan(name: str) -> None:
    for members in (1, 3):
        assert_estimate_holds(PLANS[name], members, TABLES["some rows"])


@pytest.mark.parametrize("name", TABLES)
def test_the_estimate_is_above_what_a_pack_takes_and_not_far_above_for_any_table(name: str) -> None:
    for plan in (PLANS["default"], PLANS["leaky relu"], PLANS["all on"]):
        assert_estimate_holds(plan, 2, TABLES[name])


def test_it_holds_for_images_that_are_augmented() -> None:
    moved = Augmentation(shift=2, flip=True, rotate=10, noise=0.1)
    for batch_size in (32, 300):
        plan = replace(PLAN, augmentation=moved, batch_size=batch_size)
        assert_estimate_holds(plan, 2, TABLES["many columns"])


def test_no_member_has_a_copy_of_the_dataset() -> None:
    dataset = table(10, 20_000, 2_000, 784)
    plans = [TrainingPlan(hidden_units=(32,), keep_probs=(0.5,), epochs=1, seed=seed) for seed in range(2)]
    assert peak_bytes(plans, dataset) < dataset.train.inputs.nbytes / 4


SIZE = DataShape(features=64, outputs=10, train_rows=1000, dev_rows=300)

POSSIBLE: dict[str, tuple[Any, ...]] = {
    "hidden_layers": (1, 3),
    "hidden_units": (16, 100),
    "hidden_units_2": (300, 20),
    "batch_size": (32, 128),
    "activation": ("tanh", "leaky_relu", "relu"),
    "optimizer": ("sgd", "adam"),
    "keep_prob": (1.0, 0.5),
    "batch_norm": (False, True),
    "normalize_inputs": (True, False),
    "l1": (0, 0.5),
    "learning_rate": (0.1, 0.2),
}


def test_the_costliest_plan_of_a_space_has_the_costliest_of_each() -> None:
    plan = costliest(POSSIBLE)
    assert (plan.hidden_units, plan.batch_size, plan.optimizer) == ((100, 300, 100), 128, "adam")
    assert (plan.drops, plan.batch_norm, plan.normalize_inputs, plan.l1) == ((True,) * 3, True, False, 0.5)
    assert costliest({}) == TrainingPlan()


@pytest.mark.parametrize("name", [name for name in POSSIBLE if name != "learning_rate"])
def test_no_other_value_costs_more(name: str) -> None:
    costs = [pack_bytes(costliest(POSSIBLE | {name: (value,)}), 4, SIZE) for value in POSSIBLE[name]]
    assert max(costs) == pack_bytes(costliest(POSSIBLE), 4, SIZE)
    assert min(costs) < max(costs)


def test_a_pack_costs_what_it_shares_and_what_each_member_needs() -> None:
    assert pack_bytes(PLAN, 5, SIZE) == shared_bytes(PLAN, SIZE) + 5 * member_bytes(PLAN, SIZE)


def test_a_batch_costs_no_more_than_all_rows() -> None:
    assert member_bytes(replace(PLAN, batch_size=1000), SIZE) == member_bytes(replace(PLAN, batch_size=10**6), SIZE)


def test_as_many_members_train_together_as_the_bound_allows_but_one_at_least() -> None:
    for bound in (10**7, 10**8):
        members = most_members(PLAN, SIZE, bound)
        assert pack_bytes(PLAN, members, SIZE) <= bound < pack_bytes(PLAN, members + 1, SIZE)
    assert most_members(PLAN, SIZE, 1) == 1
