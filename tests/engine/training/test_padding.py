"""The units that round a narrow layer up to its computed width: they are never there for the network."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.training.arrays import Array
from engine.training.initializers import initial_parameters
from engine.training.layers.activations import ACTIVATIONS, ActivationName
from engine.training.optimizers import OPTIMIZERS
from engine.training.pack import Pack
from engine.training.parameters import Parameters, Shape
from engine.training.plan import TrainingPlan
from engine.training.train import train
from engine.training.values import OptimizerName
from tests.engine.training.own_entries import own_entries
from tests.engine.training.small_data import TASKS

PLAN = TrainingPlan(learning_rate=0.05, batch_size=16, l2=0.5, width_step=32)
HIDDEN_UNITS = [(5, 7), (32, 3), (1, 32), (32, 32)]


def assert_padding_stays_zero(plan: TrainingPlan, task: str) -> None:
    plans = [replace(plan, seed=seed, hidden_units=hidden) for seed, hidden in enumerate(HIDDEN_UNITS)]
    pack = Pack(plans, TASKS[task])
    own = own_entries(pack.parameters.shape, HIDDEN_UNITS)
    before = pack.parameters.flat.copy()
    for _ in range(3):
        pack.train_epoch()
    pack.keep([0, 1, 2])
    pack.train_epoch()
    assert np.isfinite(pack.parameters.flat).all()
    assert (pack.parameters.flat != before[:3])[own[:3]].mean() > 0.5, "the networks have learned"
    assert_at_rest(pack.parameters, ~own[:3])


def assert_at_rest(parameters: Parameters, padding: Array) -> None:
    """Exactly 0, but for batch norm's scales, which are 1 from the start: what they scale is 0."""
    resting = parameters.zeros_like()
    for layer in resting.layers:
        if layer.scales is not None:
            layer.scales[:] = 1
    np.testing.assert_array_equal(parameters.flat[padding], resting.flat[padding])


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_padding_stays_exactly_zero_through_training(
    optimizer: OptimizerName, activation: ActivationName, task: str
) -> None:
    assert_padding_stays_zero(replace(PLAN, optimizer=optimizer, activation=activation), task)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    "changes",
    [{"batch_norm": True}, {"keep_probs": (0.8, 0.5)}, {"l1": 0.5}, {"batch_norm": True, "keep_probs": (0.8, 0.5)}],
    ids=["batch norm", "dropout", "l1", "batch norm and dropout"],
)
def test_padding_stays_exactly_zero_with_batch_norm_dropout_and_l1(
    changes: dict[str, Any], activation: ActivationName
) -> None:
    assert_padding_stays_zero(replace(PLAN, activation=activation, **changes), "ten classes")


def test_initial_weights_do_not_depend_on_padding_or_neighbours() -> None:
    plan, neighbour = TrainingPlan(seed=7, hidden_units=(5, 9)), TrainingPlan(seed=8, hidden_units=(20, 16))
    bare = initial_parameters(Shape((4, 5, 9, 3)), [plan]).own(0, plan.hidden_units)
    padded = initial_parameters(Shape((4, 32, 64, 3)), [neighbour, plan]).own(1, plan.hidden_units)
    for ours, theirs in zip(bare, padded, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_padding_changes_no_answer(activation: ActivationName) -> None:
    """Bits may change with the width of a product, and nothing else."""
    plan = TrainingPlan(activation=activation, hidden_units=(5, 9), batch_size=16)
    dataset = TASKS["ten classes"]
    pack, bare = (Pack([replace(plan, width_step=step)], dataset) for step in (32, 1))
    assert pack.parameters.flat.shape != bare.parameters.flat.shape
    losses = [each.evaluation.outputs(dataset.dev).loss for each in (pack, bare)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-6)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_padding_changes_nothing_of_what_is_learned(batch_norm: bool) -> None:
    plan = replace(PLAN, activation="sigmoid", hidden_units=(5, 9), epochs=2, batch_norm=batch_norm)
    padded, bare = (train(replace(plan, width_step=step), TASKS["ten classes"]) for step in (32, 1))
    for ours, theirs in zip(padded.parameters, bare.parameters, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    assert padded.signals.saturated == bare.signals.saturated
