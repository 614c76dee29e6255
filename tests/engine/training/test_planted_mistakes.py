"""A mistake that is planted in backpropagation is found by the gradient check, in the arrays where it acts."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engine.training.arrays import Array
from engine.training.gradient_check import GradientCheck, check_gradients
from engine.training.layers.activations import ACTIVATIONS, ActivationName, LeakyRelu, Relu, Sigmoid, Tanh
from engine.training.layers.batch_norm import BatchNorm
from engine.training.layers.dense import Dense
from engine.training.losses import SigmoidCrossEntropy, SoftmaxCrossEntropy, SquaredError
from engine.training.penalties import Penalties
from engine.training.plan import TrainingPlan
from tests.engine.training.small_data import BY_LOSS

PLAN = TrainingPlan(seed=1, hidden_units=(5, 4), activation="tanh", learning_rate=0.02)


def assert_located(found: GradientCheck, wrong: set[str]) -> None:
    """The mistake shows in these arrays, and all others are right."""
    assert {check.name for check in found.layers if check.verdict == "wrong"} == wrong, found
    assert {check.name for check in found.layers if check.verdict == "right"} == {
        check.name for check in found.layers
    } - wrong, found
    assert found.verdict == "wrong"


def open_below_zero(_own: Relu, _gradient: Array, _a: Array) -> None:
    """Lets every gradient through."""


def ten_times_too_steep(_own: LeakyRelu, gradient: Array, a: Array) -> None:
    np.multiply(gradient, 0.1, out=gradient, where=a <= 0)


def without_the_square(_own: Tanh, gradient: Array, a: Array) -> None:
    gradient *= 1 - a


def like_tanh(_own: Sigmoid, gradient: Array, a: Array) -> None:
    gradient *= 1 - a * a


PLANTED_IN_ACTIVATIONS: list[tuple[ActivationName, type, Callable[..., None]]] = [
    ("relu", Relu, open_below_zero),
    ("leaky_relu", LeakyRelu, ten_times_too_steep),
    ("tanh", Tanh, without_the_square),
    ("sigmoid", Sigmoid, like_tanh),
]


def test_a_mistake_is_planted_in_each_activation() -> None:
    assert {name: kind for name, kind, _ in PLANTED_IN_ACTIVATIONS} == ACTIVATIONS


@pytest.mark.parametrize(("activation", "kind", "mistake"), PLANTED_IN_ACTIVATIONS)
@pytest.mark.parametrize("epochs", [0, 3])
def test_a_planted_mistake_in_an_activation_is_found_before_the_last_layer(
    epochs: int, activation: ActivationName, kind: type, mistake: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kind, "backward", mistake)
    found = check_gradients(replace(PLAN, activation=activation), BY_LOSS["softmax"], epochs)
    assert_located(found, {"W1", "b1", "W2", "b2"})


RIGHT_SOFTMAX = SoftmaxCrossEntropy.gradient
RIGHT_SIGMOID = SigmoidCrossEntropy.gradient
RIGHT_SQUARED = SquaredError.gradient


def forgetting_the_target(own: SoftmaxCrossEntropy, logits: Array, targets: Array, out: Array) -> None:
    RIGHT_SOFTMAX(own, logits, np.zeros_like(targets), out)


def summed_over_rows(own: SigmoidCrossEntropy, logits: Array, targets: Array, out: Array) -> None:
    RIGHT_SIGMOID(own, logits, targets, out)
    out *= logits.shape[1]


def halved(own: SquaredError, logits: Array, targets: Array, out: Array) -> None:
    RIGHT_SQUARED(own, logits, targets, out)
    out /= 2


@pytest.mark.parametrize(
    ("kind", "mistake", "dataset"),
    [
        (SoftmaxCrossEntropy, forgetting_the_target, "softmax"),
        (SigmoidCrossEntropy, summed_over_rows, "sigmoid"),
        (SquaredError, halved, "squared error"),
    ],
)
def test_a_planted_mistake_in_a_loss_is_found_in_every_layer(
    kind: type, mistake: Callable[..., None], dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kind, "gradient", mistake)
    assert_located(check_gradients(PLAN, BY_LOSS[dataset]), {"W1", "b1", "W2", "b2", "W3", "b3"})


RIGHT_BATCH_NORM, RIGHT_DENSE, RIGHT_PENALTIES = BatchNorm.backward, Dense.backward, Penalties.add


def as_if_the_mean_were_fixed(own: BatchNorm, gradient: Array) -> Array:
    """What batch norm does to a gradient once its statistics stand still."""
    RIGHT_BATCH_NORM(own, gradient.copy())
    gradient *= own.gammas * own.inverse
    return gradient


def scales_like_shifts(own: BatchNorm, gradient: Array) -> Array:
    result = RIGHT_BATCH_NORM(own, gradient)
    own.gamma_gradients[:] = own.beta_gradients
    return result


def scales_averaged(own: BatchNorm, gradient: Array) -> Array:
    result = RIGHT_BATCH_NORM(own, gradient)
    own.gamma_gradients /= own.rows
    own.beta_gradients /= own.rows
    return result


@pytest.mark.parametrize(
    ("mistake", "wrong"),
    [
        (as_if_the_mean_were_fixed, {"W1", "beta1", "gamma1", "W2"}),
        (scales_like_shifts, {"gamma1", "gamma2"}),
        (scales_averaged, {"gamma1", "beta1", "gamma2", "beta2"}),
    ],
)
def test_a_planted_mistake_in_batch_norm_is_found_where_it_acts(
    mistake: Callable[..., Array], wrong: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BatchNorm, "backward", mistake)
    assert_located(check_gradients(replace(PLAN, batch_norm=True), BY_LOSS["softmax"]), wrong)


def twice(own: Penalties, parameters: Array, gradients: Array) -> None:
    RIGHT_PENALTIES(own, parameters, gradients)
    RIGHT_PENALTIES(own, parameters, gradients)


def of_the_biases_too(own: Penalties, parameters: Array, gradients: Array) -> None:
    decay = 2.0 / 32
    gradients += np.where(own.decay == 0, decay * parameters, 0)
    RIGHT_PENALTIES(own, parameters, gradients)


@pytest.mark.parametrize("penalties", [{"l1": 3.0}, {"l2": 2.0}, {"l1": 3.0, "l2": 2.0}])
def test_a_planted_mistake_in_the_penalties_is_found_in_the_weights(
    penalties: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Penalties, "add", twice)
    assert_located(check_gradients(replace(PLAN, **penalties), BY_LOSS["softmax"]), {"W1", "W2", "W3"})  # type: ignore[arg-type]


def test_a_penalty_on_biases_is_found_in_them_once_they_have_left_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Penalties, "add", of_the_biases_too)
    plan = replace(PLAN, l2=2.0)
    assert check_gradients(plan, BY_LOSS["softmax"]).verdict == "right", "at 0 a bias costs nothing"
    assert_located(check_gradients(plan, BY_LOSS["softmax"], epochs=3), {"b1", "b2", "b3"})


def biases_averaged(own: Dense, gradient: Array) -> Array:
    result = RIGHT_DENSE(own, gradient)
    own.bias_gradients[:] /= gradient.shape[1]
    return result


def second_layer_doubled(own: Dense, gradient: Array) -> Array:
    result = RIGHT_DENSE(own, gradient)
    if own.weights.shape[1:] == (5, 4):
        own.weight_gradients[:] *= 2
    return result


def signal_sent_back_doubled(own: Dense, gradient: Array) -> Array:
    return 2 * RIGHT_DENSE(own, gradient)


@pytest.mark.parametrize(
    ("mistake", "wrong"),
    [
        (biases_averaged, {"b2", "b3"}),
        (second_layer_doubled, {"W2"}),
        (signal_sent_back_doubled, {"W1", "b1", "W2", "b2"}),
    ],
)
def test_a_planted_mistake_in_a_dense_layer_is_found_where_it_acts(
    mistake: Callable[..., Array], wrong: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Dense, "backward", mistake)
    assert_located(check_gradients(PLAN, BY_LOSS["softmax"]), wrong)


def test_a_mistake_in_a_sample_is_located(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dense, "backward", second_layer_doubled)
    assert_located(check_gradients(PLAN, BY_LOSS["softmax"], numbers_per_array=3), {"W2"})
