"""The units that round a narrow layer up to its computed width: they are never there for the network."""

from dataclasses import replace

import numpy as np
import pytest

from engine.training.activations import ACTIVATIONS, ActivationName
from engine.training.initializers import initial_parameters
from engine.training.network import Shape
from engine.training.optimizers import OPTIMIZERS
from engine.training.pack import Pack
from engine.training.plan import OptimizerName, TrainingPlan
from tests.engine.training.own_entries import own_entries
from tests.engine.training.small_data import TASKS


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_padding_stays_exactly_zero_through_training(
    optimizer: OptimizerName, activation: ActivationName, task: str
) -> None:
    plan = TrainingPlan(optimizer=optimizer, activation=activation, learning_rate=0.05, batch_size=16, l2=0.5)
    hidden_units = [(5, 7), (32, 3), (1, 32), (32, 32)]
    plans = [replace(plan, seed=seed, hidden_units=hidden) for seed, hidden in enumerate(hidden_units)]
    pack = Pack(plans, TASKS[task])
    own = own_entries(pack.parameters.shape, hidden_units)
    before = pack.parameters.flat.copy()
    for _ in range(3):
        pack.train_epoch()
    pack.keep([0, 1, 2])
    pack.train_epoch()
    assert np.isfinite(pack.parameters.flat).all()
    assert (pack.parameters.flat != before[:3])[own[:3]].mean() > 0.5, "the networks have learned"
    assert not pack.parameters.flat[~own[:3]].any()


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
    pack = Pack([plan], dataset)
    bare = Pack([plan], dataset)
    bare.parameters = initial_parameters(Shape((dataset.features, 5, 9, dataset.outputs)), [plan])
    bare.keep([0])
    assert pack.parameters.flat.shape != bare.parameters.flat.shape
    losses = [each.evaluation.outputs(dataset.dev).loss for each in (pack, bare)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-6)
