"""A trial's result has the same bits alone as in any pack: `train_pack` is compared with `train`, plan by plan."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle
from typing import Any, get_args

import numpy as np
import pytest

from engine.training.augmentation import Augmentation
from engine.training.dataset import Dataset
from engine.training.layers.activations import ACTIVATIONS, ActivationName
from engine.training.metrics import METRICS, MetricName
from engine.training.optimizers import OPTIMIZERS
from engine.training.packing import group_by_key
from engine.training.plan import TrainingPlan
from engine.training.result import TrainingResult
from engine.training.train import train
from engine.training.values import OptimizerName, ScheduleName
from tests.engine.training.same_bits import assert_same_alone, bits, bits_but_signs_of_nan
from tests.engine.training.small_data import TASKS, clouds, pictures

USUAL = TrainingPlan(seed=1, hidden_units=(9, 20), learning_rate=0.02, batch_size=20, epochs=5, l2=0.1, width_step=32)


def stops_early(plan: TrainingPlan) -> TrainingPlan:
    """A rate at which nothing moves in float32, and so nothing gets better after the first epoch."""
    return replace(plan, seed=2, learning_rate=1e-30, early_stopping_patience=1)


def diverges(plan: TrainingPlan) -> TrainingPlan:
    return replace(plan, seed=3, learning_rate=1e29, l2=1e12)


def mixed_pack(plan: TrainingPlan) -> list[TrainingPlan]:
    """Neighbours of one pack key that differ in all the rest."""
    return [
        diverges(plan),
        replace(plan, seed=4, hidden_units=(32, 1), momentum=0.5, beta_1=0.5, beta_2=0.9, epsilon=1e-3, epochs=3),
        plan,
        stops_early(plan),
        replace(
            plan,
            seed=5,
            hidden_units=(1, 32),
            initializer="lecun",
            l2=3.0,
            early_stopping_patience=2,
            record_batch_losses=True,
        ),
    ]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_trial_has_the_same_bits_alone_and_beside_others_that_stop_early_and_diverge(
    optimizer: OptimizerName, activation: ActivationName, task: str
) -> None:
    plans = mixed_pack(replace(USUAL, optimizer=optimizer, activation=activation))
    assert len(group_by_key(plans)) == 1
    diverged, shorter, usual, stopped, _ = assert_same_alone(plans, TASKS[task])
    assert diverged.failure == f"the loss became NaN or infinite in epoch {diverged.epochs}"
    assert diverged.value is None
    assert stopped.failure is None
    assert stopped.epochs == 2 < stops_early(USUAL).epochs
    assert (shorter.epochs, usual.epochs) == (3, 5)
    assert usual.failure is None


@pytest.mark.parametrize(("optimizer", "growth"), [("sgd", 30.0), ("momentum", 300.0)])
def test_a_neighbour_that_diverges_after_some_epochs_changes_no_bit(optimizer: OptimizerName, growth: float) -> None:
    plan = replace(USUAL, optimizer=optimizer, activation="tanh", epochs=12)
    slowly = replace(plan, learning_rate=1.0, l2=61 * growth)  # each step overshoots 0, the penalty's minimum, by more
    _, diverged, _ = assert_same_alone([plan, slowly, stops_early(plan)], TASKS["two classes"])
    assert diverged.failure is not None
    assert 3 <= diverged.epochs < 12
    assert len(diverged.curve.epoch) == diverged.epochs - 1


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("batch_size", [1, 7, 20, 60, 61, 1000])
def test_any_batch_size_has_the_same_bits_alone_and_together(batch_size: int, task: str) -> None:
    """61 training rows: the last batch is short by different amounts, and of one row for 20 and 60."""
    assert_same_alone(mixed_pack(replace(USUAL, batch_size=batch_size, epochs=3)), TASKS[task])


@pytest.mark.parametrize(("task", "optimizer"), list(zip(cycle(TASKS), OPTIMIZERS, strict=False)))
@pytest.mark.parametrize("members", [1, 2, 33])
def test_any_number_of_members_has_the_same_bits(members: int, task: str, optimizer: OptimizerName) -> None:
    plan = replace(USUAL, optimizer=optimizer, epochs=3)
    rng = np.random.default_rng(members)
    plans = [
        replace(
            plan,
            seed=int(rng.integers(1000)),
            hidden_units=(int(rng.integers(1, 33)), int(rng.integers(1, 33))),
            learning_rate=float(10 ** rng.uniform(-4, -1)),
            epochs=int(rng.integers(1, 5)),
            early_stopping_patience=[None, 1, 2][rng.integers(3)],
        )
        for _ in range(members)
    ]
    if members > 2:
        plans[3], plans[20] = diverges(plan), stops_early(plan)
    results = assert_same_alone(plans, TASKS[task])
    assert [position for position, result in enumerate(results) if result.failure] == ([3] if members > 2 else [])


@pytest.mark.parametrize("hidden_units", [(100,), (40, 64), (34, 7, 70)])
def test_layers_beyond_the_first_compute_width_have_the_same_bits(hidden_units: tuple[int, ...]) -> None:
    dataset = clouds(10, train_rows=150, features=64)
    plan = replace(USUAL, hidden_units=hidden_units, batch_size=64)
    narrower = replace(plan, hidden_units=tuple(units - 1 for units in hidden_units))
    assert len(group_by_key([plan, narrower])) == 1
    assert_same_alone([plan, diverges(plan), narrower, stops_early(plan)], dataset)


@pytest.mark.parametrize("metric", [metric.name for metric in METRICS.values() if metric.task == "classification"])
@pytest.mark.parametrize("dev_rows", [1, 300])
def test_any_metric_has_the_same_bits_alone_and_together(dev_rows: int, metric: MetricName) -> None:
    dataset = clouds(10, dev_rows=dev_rows)
    assert_same_alone(mixed_pack(replace(USUAL, metric=metric, epochs=3)), dataset)


def exact_widths(plans: Sequence[TrainingPlan], layers: tuple[int, ...]) -> list[TrainingPlan]:
    """The same plans without padding: all of one width, in one pack."""
    return [replace(plan, width_step=1, hidden_units=layers) for plan in plans]


def assert_same_alone_at_any_width(plans: Sequence[TrainingPlan], dataset: Dataset) -> list[TrainingResult]:
    """Padded to 32 units with neighbours of other widths, and at exact widths with neighbours of the same."""
    assert len(group_by_key(plans)) == 1
    exact = exact_widths(plans, (9, 20))
    assert len(group_by_key(exact)) == 1
    return [result for each in (plans, exact) for result in assert_same_alone(each, dataset, bits_but_signs_of_nan)]


VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {"l2": 0.0},
    "batch norm": {"batch_norm": True},
    "dropout": {"keep_probs": (0.8, 0.5)},
    "dropout in the second layer": {"keep_probs": (1.0, 0.5)},
    "l1": {"l1": 0.3, "l2": 0.0},
    "l1 and l2": {"l1": 0.3},
    "all together": {"batch_norm": True, "keep_probs": (0.8, 0.5), "l1": 0.3, "schedule": "time"},
}


def varied_pack(plan: TrainingPlan) -> list[TrainingPlan]:
    """Neighbours that differ in their penalties, in what they keep and in their schedules too."""
    plans = mixed_pack(plan)
    plans[1] = replace(plans[1], schedule="staircase", decay_every=1, l1=plan.l1 * 2)
    plans[4] = replace(plans[4], schedule="exponential", l2=plan.l2 * 30, l1=plan.l1 / 7)
    if not plan.l2:  # they would not share its key
        plans = [replace(each, l2=0.0) for each in plans]
    keep_probs = [(0.9, 0.1), (0.3, 0.7), plan.keep_probs, (0.5, 0.5), (0.999, 0.6)]
    masked = [tuple(p if drops else 1.0 for p, drops in zip(each, plan.drops, strict=False)) for each in keep_probs]
    return [replace(each, keep_probs=own if plan.keep_probs else ()) for each, own in zip(plans, masked, strict=True)]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_batch_norm_dropout_and_penalties_have_the_same_bits_alone_and_together(
    variant: str, optimizer: OptimizerName, task: str
) -> None:
    plans = varied_pack(replace(USUAL, optimizer=optimizer, epochs=4, **VARIANTS[variant]))
    results = assert_same_alone_at_any_width(plans, TASKS[task])
    assert all(result.epochs > 0 for result in results)
    assert not results[2].failure


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("batch_size", [2, 20, 1000])
def test_batch_norm_and_dropout_have_the_same_bits_at_any_batch_size(
    batch_size: int, activation: ActivationName
) -> None:
    """61 training rows: for 2 and 20 a last batch of one row joins the one before."""
    plan = replace(USUAL, activation=activation, batch_size=batch_size, batch_norm=True, keep_probs=(0.8, 0.5))
    assert_same_alone_at_any_width(varied_pack(replace(plan, epochs=3)), TASKS["ten classes"])


@pytest.mark.parametrize("schedule", get_args(ScheduleName))
def test_every_schedule_has_the_same_bits_alone_and_beside_any_other(schedule: ScheduleName) -> None:
    own: dict[str, Any] = {"decay_rate": 0.7, "decay_k": 0.5, "decay_every": 2, "rates": ((2, 0.01), (4, 0.001))}
    plan = replace(USUAL, schedule=schedule, **own)
    others = [replace(plan, seed=10 + number, schedule=other) for number, other in enumerate(get_args(ScheduleName))]
    assert_same_alone_at_any_width([*mixed_pack(plan), *others], TASKS["two classes"])


def test_augmented_pictures_have_the_same_bits_alone_and_beside_others_with_other_changes() -> None:
    plan = replace(USUAL, augmentation=Augmentation(shift=1, flip=True, rotate=10, noise=0.2), epochs=4)
    changes = [
        Augmentation(),
        Augmentation(noise=0.5),
        plan.augmentation,
        Augmentation(shift=2),
        Augmentation(flip=True, rotate=90),
    ]
    plans = [replace(each, augmentation=change) for each, change in zip(mixed_pack(plan), changes, strict=True)]
    results = assert_same_alone_at_any_width(plans, pictures())
    assert bits(results[2]) != bits(train(replace(plan, augmentation=Augmentation()), pictures()))


def test_one_that_diverges_and_one_that_stops_leave_the_masks_of_the_others_as_they_are() -> None:
    """A pack that shrinks goes on in the blocks of random numbers that were drawn when it was larger."""
    plan = replace(USUAL, keep_probs=(0.5, 0.5), epochs=8)
    diverged, stopped = diverges(plan), stops_early(plan)
    results = assert_same_alone([diverged, plan, stopped, replace(plan, seed=9)], TASKS["ten classes"])
    assert results[0].failure
    assert [result.epochs for result in results[1:]] == [8, 2, 8]


def test_the_signs_of_trouble_are_the_same_alone_and_together() -> None:
    deep = replace(USUAL, hidden_units=(9,) * 6, activation="sigmoid", initializer="normal")
    results = assert_same_alone(
        [deep, replace(deep, seed=5, initializer="xavier"), diverges(deep)], TASKS["two classes"]
    )
    assert "vanishing" in results[0].signs


def test_plans_of_many_keys_in_any_order_have_the_same_bits_as_alone() -> None:
    activations: list[ActivationName] = ["relu", "tanh"]
    plans = [
        replace(USUAL, seed=len(hidden), hidden_units=hidden, activation=activation, normalize_inputs=normalised, l2=l2)
        for hidden in [(9,), (30,), (9, 20)]
        for activation in activations
        for normalised in (True, False)
        for l2 in (0.0, 0.1)
    ]
    plans += [stops_early(plans[0]), diverges(plans[1]), replace(plans[2], batch_size=16, optimizer="momentum")]
    shuffled = [plans[position] for position in np.random.default_rng(0).permutation(len(plans))]
    assert len(group_by_key(shuffled)) > 10
    results = assert_same_alone(shuffled, TASKS["ten classes"])
    assert sum(result.failure is not None for result in results) == 1


def test_training_again_gives_the_same_bits_and_another_seed_does_not() -> None:
    dataset = TASKS["ten classes"]
    assert bits(train(USUAL, dataset)) == bits(train(USUAL, dataset))
    assert bits(train(USUAL, dataset)) != bits(train(replace(USUAL, seed=99), dataset))
