"""Batch norm: what it does to a mini-batch, what it answers with, and what it is good for."""

from dataclasses import replace

import numpy as np
import pytest

from engine.training.arrays import Array
from engine.training.dataset import Split
from engine.training.layers.activations import ACTIVATIONS, ActivationName
from engine.training.layers.batch_norm import EPSILON, BatchNorm, RunningAverages
from engine.training.pack import Pack
from engine.training.parameters import Parameters, Shape
from engine.training.plan import TrainingPlan
from engine.training.train import train, train_pack
from tests.engine.training.plain_network import mean_loss
from tests.engine.training.small_data import TASKS, clouds, wave

MEMBERS, ROWS, UNITS = 3, 50, 7
PLAN = TrainingPlan(seed=1, hidden_units=(9, 7), learning_rate=0.02, batch_size=16, epochs=4, batch_norm=True)


class Layer:
    """One batch norm in float64 with random γ and β."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        shape = Shape((2, UNITS, 1), batch_norm=True)
        self.own = Parameters(shape, rng.normal(size=(MEMBERS, shape.parameters + shape.statistics)))
        self.averages = RunningAverages(MEMBERS, UNITS, np.dtype(np.float64))
        gradients = self.own.zeros_like()
        self.norm = BatchNorm(self.own.layers[0], gradients.layers[0], self.averages, ROWS)


def random_z(seed: int = 1) -> Array:
    rng = np.random.default_rng(seed)
    return rng.normal(rng.normal(scale=30, size=(MEMBERS, 1, UNITS)), 4.0, (MEMBERS, ROWS, UNITS))


def test_each_unit_has_mean_beta_and_variance_gamma_squared_over_its_mini_batch() -> None:
    layer = Layer()
    outputs = layer.norm.forward(random_z())
    np.testing.assert_allclose(outputs.mean(axis=1, keepdims=True), layer.norm.betas, atol=1e-12)
    np.testing.assert_allclose(outputs.var(axis=1, keepdims=True), layer.norm.gammas**2, rtol=1e-5)


def test_neither_offset_nor_scale_of_what_comes_in_is_left() -> None:
    layer = Layer()
    outputs = layer.norm.forward(random_z()).copy()
    np.testing.assert_allclose(layer.norm.forward(1000 * random_z() + 77), outputs, atol=1e-5)


def test_a_unit_that_is_the_same_for_all_rows_becomes_beta_and_divides_by_nothing() -> None:
    layer = Layer()
    outputs = layer.norm.forward(np.full((MEMBERS, ROWS, UNITS), 3.0))
    np.testing.assert_allclose(outputs, np.broadcast_to(layer.norm.betas, outputs.shape), atol=1e-9)


def test_the_running_averages_are_the_bias_corrected_ones_of_what_passed() -> None:
    layer, batches = Layer(), [random_z(seed) for seed in range(6)]
    for batch in batches:
        layer.norm.forward(batch.copy())
    weights = 0.9 ** np.arange(6)[::-1]
    means, variances = np.empty((MEMBERS, 1, UNITS)), np.empty((MEMBERS, 1, UNITS))
    layer.averages.write(means, variances)
    np.testing.assert_allclose(means[:, 0], np.average([b.mean(axis=1) for b in batches], axis=0, weights=weights))
    np.testing.assert_allclose(variances[:, 0], np.average([b.var(axis=1) for b in batches], axis=0, weights=weights))


def test_one_row_alone_is_answered_as_in_any_batch() -> None:
    dataset = wave()
    pack = Pack([replace(PLAN, seed=seed) for seed in range(3)], dataset)
    for _ in range(3):
        pack.train_epoch()
    together = pack.evaluation.outputs(dataset.dev).predicted
    for row in range(5):
        one = Split.of(dataset.dev.inputs[row : row + 1], dataset.dev.targets[row : row + 1])
        np.testing.assert_allclose(pack.evaluation.outputs(one).predicted[:, 0], together[:, row], rtol=1e-6)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_parameters_that_come_back_answer_without_batch_norm_as_the_network_did(
    activation: ActivationName, task: str
) -> None:
    plan = replace(PLAN, activation=activation)
    result = train(plan, TASKS[task])
    assert [array.ndim for array in result.parameters] == [2, 1] * 3
    assert result.metrics["dev_loss"] == pytest.approx(mean_loss(result.parameters, activation, TASKS[task]), rel=1e-4)


def test_without_momentum_of_its_own_one_batch_is_its_own_average() -> None:
    """At a rate that moves nothing, with all rows in one mini-batch, it answers as it learned."""
    dataset = clouds(3)
    result = train(replace(PLAN, learning_rate=1e-30, batch_size=1000, epochs=1), dataset)
    assert result.signals.train_losses[0] == pytest.approx(result.metrics["train_loss"], rel=1e-4)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_statistics_of_the_best_epoch_come_back_with_its_weights(activation: ActivationName) -> None:
    plan = replace(PLAN, activation=activation, epochs=60, early_stopping_patience=6)
    dataset = clouds(10)
    result = train(plan, dataset)
    assert result.best_epoch is not None
    assert result.epochs == result.best_epoch + 6 < 60
    assert result.value == result.curve.dev[result.best_epoch - 1] == min(result.curve.dev)
    until_there = train(replace(plan, epochs=result.best_epoch, early_stopping_patience=None), dataset)
    assert until_there.metrics == result.metrics
    for ours, theirs in zip(result.parameters, until_there.parameters, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_network_learns_at_rates_that_are_too_large_without_it() -> None:
    """The median dev error of five networks, four layers deep."""
    dataset = clouds(10, train_rows=200)
    plan = TrainingPlan(hidden_units=(24,) * 4, optimizer="sgd", learning_rate=1.5, batch_size=32, epochs=15)
    errors = {}
    for batch_norm in (True, False):
        results = train_pack([replace(plan, seed=seed, batch_norm=batch_norm) for seed in range(5)], dataset)
        errors[batch_norm] = np.median([1.0 if result.value is None else result.value for result in results])
    assert errors[True] < 0.5 < 0.8 < errors[False]


def test_it_makes_up_for_initial_weights_that_are_far_too_small() -> None:
    dataset = clouds(10, train_rows=200)
    plan = TrainingPlan(hidden_units=(24,) * 4, initializer="normal", learning_rate=0.01, batch_size=32, epochs=10)
    plain, normalised = (train(replace(plan, batch_norm=switch), dataset).signals for switch in (False, True))
    assert min(plain.first_gradient_norms) < 1e-5 < 1e-2 < min(normalised.first_gradient_norms)


def test_epsilon_is_small_beside_any_variance_that_matters() -> None:
    assert 0 < EPSILON <= 1e-4
