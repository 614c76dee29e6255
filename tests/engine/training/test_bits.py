"""A trial's result has the same bits alone as in any pack: `train_pack` is compared with `train`, plan by plan."""

from collections.abc import Sequence
from dataclasses import astuple, replace

import numpy as np
import pytest

from engine.training.activations import ACTIVATIONS, ActivationName
from engine.training.dataset import Dataset
from engine.training.metrics import METRICS, MetricName
from engine.training.optimizers import OPTIMIZERS
from engine.training.packing import group_by_key
from engine.training.plan import OptimizerName, TrainingPlan
from engine.training.result import TrainingResult
from engine.training.train import train, train_pack
from tests.engine.training.small_data import TASKS, clouds

USUAL = TrainingPlan(seed=1, hidden_units=(9, 20), learning_rate=0.02, batch_size=20, epochs=5, l2=0.1)


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
        replace(plan, seed=5, hidden_units=(1, 32), initializer="lecun", l2=3.0, early_stopping_patience=2),
    ]


def bits(result: TrainingResult) -> object:
    arrays = [(array.shape, array.dtype, array.tobytes()) for array in result.parameters]
    numbers = [result.value, result.metrics, result.best_epoch, result.epochs, result.failure, astuple(result.curve)]
    return repr(numbers), arrays


def assert_same_alone(plans: Sequence[TrainingPlan], dataset: Dataset) -> list[TrainingResult]:
    together = train_pack(plans, dataset)
    for position, (plan, result) in enumerate(zip(plans, together, strict=True)):
        assert bits(result) == bits(train(plan, dataset)), f"plan {position}: {plan}"
    return together


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


@pytest.mark.parametrize(("task", "optimizer"), list(zip(TASKS, OPTIMIZERS, strict=True)))
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
