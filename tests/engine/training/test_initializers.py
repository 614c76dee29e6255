"""Initial weights: the size of the draws, and what that does to a signal on its way through many layers."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from engine.training.arrays import Array, with_one
from engine.training.initializers import initial_parameters
from engine.training.layers.activations import ACTIVATIONS, Activate, ActivationName
from engine.training.network import answering_network
from engine.training.pack import Pack
from engine.training.parameters import Parameters, Shape
from engine.training.plan import TrainingPlan
from engine.training.values import MAX_HIDDEN_LAYERS, InitializerName
from tests.engine.training.small_data import TASKS

INPUTS, HIDDEN, OUTPUTS = 150, 250, 100

# The variance that (initializer, activation) gives the weights from INPUTS to HIDDEN units.
EXPECTED_VARIANCES: dict[tuple[InitializerName, ActivationName], float] = {
    ("he", "relu"): 2 / 150,
    ("he", "tanh"): 2 / 150,
    ("xavier", "relu"): 2 / 400,
    ("xavier", "tanh"): 2 / 400,
    ("lecun", "relu"): 1 / 150,
    ("lecun", "tanh"): 1 / 150,
    ("normal", "relu"): 1e-4,
    ("normal", "tanh"): 1e-4,
    ("auto", "relu"): 2 / 150,
    ("auto", "leaky_relu"): 2 / 150,
    ("auto", "tanh"): 2 / 400,
    ("auto", "sigmoid"): 2 / 400,
}


def parameters_of(plan: TrainingPlan) -> Parameters:
    return initial_parameters(Shape((INPUTS, *plan.hidden_units, OUTPUTS)), [plan])


def test_every_initializer_and_what_auto_does_before_every_activation_is_expected_here() -> None:
    assert {name for name, _ in EXPECTED_VARIANCES} == set(get_args(InitializerName))
    assert {activation for name, activation in EXPECTED_VARIANCES if name == "auto"} == set(ACTIVATIONS)


@pytest.mark.parametrize(("initializer", "activation"), EXPECTED_VARIANCES)
def test_draws_have_the_mean_and_variance_of_their_initializer(
    initializer: InitializerName, activation: ActivationName
) -> None:
    """Five standard errors each way, twice: right draws would raise a false alarm for one seed in 900,000."""
    plan = TrainingPlan(hidden_units=(HIDDEN,), initializer=initializer, activation=activation)
    draws = parameters_of(plan).weights[0].astype(np.float64)
    expected = EXPECTED_VARIANCES[initializer, activation]
    assert abs(draws.mean()) < 5 * np.sqrt(expected / draws.size)
    assert abs(draws.var() / expected - 1) < 5 * np.sqrt(2 / draws.size)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_auto_takes_xavier_before_the_output_whatever_the_activation(activation: ActivationName) -> None:
    plan = TrainingPlan(hidden_units=(HIDDEN,), activation=activation)
    auto, xavier = (parameters_of(replace(plan, initializer=name)).weights[-1] for name in ("auto", "xavier"))
    np.testing.assert_array_equal(auto, xavier)


def test_biases_start_at_zero() -> None:
    assert not any(layer.biases.any() for layer in parameters_of(TrainingPlan(hidden_units=(HIDDEN, 7))).layers)


def test_batch_norm_starts_with_scales_of_one_and_as_if_it_had_seen_standardised_rows() -> None:
    parameters = initial_parameters(Shape((3, 5, 4, 2), batch_norm=True), [TrainingPlan(hidden_units=(5, 4))])
    *hidden, last = parameters.layers
    assert last.scales is None
    for layer, statistics in zip(hidden, parameters.statistics, strict=True):
        assert layer.scales is not None
        assert (layer.scales == 1).all()
        assert not layer.biases.any()
        assert (statistics.variances == 1).all()
        assert not statistics.means.any()


def test_layers_and_seeds_draw_from_streams_of_their_own() -> None:
    plan = TrainingPlan(hidden_units=(INPUTS, INPUTS), initializer="lecun")
    first, second = parameters_of(plan).weights[:2]
    other = parameters_of(replace(plan, seed=1)).weights[0]
    assert not np.isclose(first, second).all()
    assert not np.isclose(first, other).all()


def signal_sizes(plan: TrainingPlan, scale: float = 1.0) -> Array:
    """The root mean square of what comes in and of each hidden layer's activations, over four networks of 128 units."""
    plans = [replace(plan, seed=seed, hidden_units=(128,) * MAX_HIDDEN_LAYERS) for seed in range(4)]
    parameters = initial_parameters(Shape((128, *plans[0].hidden_units, 1)), plans)
    network = answering_network(parameters, plans, rows=50)
    inputs = scale * np.random.default_rng(0).normal(size=(4, 50, 128))
    network.forward(with_one(inputs.astype(np.float32)))
    hidden = [layer.a for layer in network.layers if isinstance(layer, Activate)]
    return np.array([np.sqrt(np.square(each).mean()) for each in (inputs, *hidden)])


# Small inputs keep tanh on its straight piece, where it cannot hide by saturating what its weights do.
KEEPS_THE_SIGNAL: list[tuple[ActivationName, InitializerName, float]] = [
    ("relu", "auto", 1.0),
    ("relu", "he", 1.0),
    ("leaky_relu", "auto", 1.0),
    ("leaky_relu", "he", 1.0),
    ("tanh", "auto", 1e-4),
    ("tanh", "xavier", 1e-4),
    ("tanh", "lecun", 1e-4),
]


@pytest.mark.parametrize(("activation", "initializer", "scale"), KEEPS_THE_SIGNAL)
def test_the_right_one_keeps_the_signals_order_of_magnitude_through_ten_layers(
    activation: ActivationName, initializer: InitializerName, scale: float
) -> None:
    sizes = signal_sizes(TrainingPlan(activation=activation, initializer=initializer), scale)
    assert len(sizes) == 11
    assert sizes.max() / sizes.min() < 1.5


@pytest.mark.parametrize("initializer", ["xavier", "lecun"])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
def test_a_variance_too_small_for_relu_lets_the_signal_vanish(
    activation: ActivationName, initializer: InitializerName
) -> None:
    """Each layer halves the mean square: 2^-5 of the size is left after ten."""
    sizes = signal_sizes(TrainingPlan(activation=activation, initializer=initializer))
    assert sizes[-1] / sizes[0] < 1 / 20


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "tanh"])
def test_small_normal_draws_whatever_the_widths_let_the_signal_vanish(activation: ActivationName) -> None:
    """Each layer of 128 units leaves a mean square of at most 128 / 10,000: 10^-9 of the size after ten."""
    sizes = signal_sizes(TrainingPlan(activation=activation, initializer="normal"))
    assert 0 < sizes[-1] / sizes[0] < 1e-8


def test_a_variance_too_large_for_tanh_lets_the_signal_explode() -> None:
    """Each layer doubles the mean square: 2^5 times the size after ten."""
    sizes = signal_sizes(TrainingPlan(activation="tanh", initializer="he"), scale=1e-4)
    assert sizes[-1] / sizes[0] > 20


def spreads(plan: TrainingPlan) -> Array:
    """The variance of each unit over the rows, in and after each hidden layer: what tells the rows apart."""
    plan = replace(plan, hidden_units=(128,) * MAX_HIDDEN_LAYERS)
    parameters = initial_parameters(Shape((128, *plan.hidden_units, 1)), [plan])
    network = answering_network(parameters, [plan], rows=50)
    inputs = np.random.default_rng(0).normal(size=(1, 50, 128)).astype(np.float32)
    network.forward(with_one(inputs))
    hidden = [layer.a for layer in network.layers if isinstance(layer, Activate)]
    return np.array([each.var(axis=1).mean() for each in (inputs, *hidden)])


@pytest.mark.parametrize("initializer", ["xavier", "he", "lecun"])
def test_through_sigmoids_what_tells_rows_apart_vanishes_with_every_initializer(initializer: InitializerName) -> None:
    """The slope of sigmoid is at most 1/4, so a layer leaves 1/16 of the variance, or 1/8 with he."""
    seen = spreads(TrainingPlan(activation="sigmoid", initializer=initializer))
    assert seen[-1] / seen[0] < 1e-8


def test_batch_norm_keeps_rows_apart_through_ten_layers_of_sigmoids() -> None:
    """Each layer is given a variance of 1 over the mini-batch, of which a sigmoid leaves about 1/23."""
    plan = TrainingPlan(hidden_units=(64,) * MAX_HIDDEN_LAYERS, activation="sigmoid", batch_norm=True, batch_size=61)
    pack = Pack([plan], TASKS["ten classes"])
    pack.train_epoch()
    layers = pack.batch(61).network.layers
    seen = np.array([layer.a.var(axis=1).mean() for layer in layers if isinstance(layer, Activate)])
    assert len(seen) == MAX_HIDDEN_LAYERS
    assert 0.03 < seen.min() < seen.max() < 0.06


def test_units_that_start_equal_stay_equal_which_is_why_weights_are_drawn() -> None:
    plan = TrainingPlan(hidden_units=(8,), activation="tanh", learning_rate=0.05, batch_size=16)
    dataset = TASKS["ten classes"]
    spreads = {}
    for start in ("equal", "drawn"):
        pack = Pack([plan], dataset)
        into, out = (weights[0] for weights in pack.parameters.weights)
        if start == "equal":
            into[:] = into[:, :1]
            out[:] = out[:1]
        for _ in range(10):
            pack.train_epoch()
        assert np.abs(into[:, 0]).max() > 0.1
        spreads[start] = np.ptp(into, axis=1).max()
    assert spreads["equal"] < 1e-4 < 0.1 < spreads["drawn"]
