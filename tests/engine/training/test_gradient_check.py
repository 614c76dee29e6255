"""The engine's gradient check: it finds right gradients right, and says where a planted mistake sits."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.errors import InvalidField
from engine.training.arrays import Array
from engine.training.augmentation import Augmentation
from engine.training.dataset import Dataset
from engine.training.gradient_check import Check, Diverged, GradientCheck, check_gradients
from engine.training.layers.activations import ACTIVATIONS, ActivationName, LeakyRelu, Relu, Sigmoid, Tanh
from engine.training.layers.batch_norm import BatchNorm
from engine.training.layers.dense import Dense
from engine.training.losses import SigmoidCrossEntropy, SoftmaxCrossEntropy, SquaredError
from engine.training.penalties import Penalties
from engine.training.plan import TrainingPlan
from tests.engine.training.small_data import clouds, pictures, wave

RIGHT = 1e-7

DATASETS: dict[str, Dataset] = {"softmax": clouds(3), "sigmoid": clouds(2), "squared error": wave()}

VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "batch norm": {"batch_norm": True},
    "l1 and l2": {"l1": 0.3, "l2": 2.0},
    "raw inputs": {"normalize_inputs": False, "batch_norm": True},
    "all": {"batch_norm": True, "l1": 0.3, "l2": 2.0},
}

PLAN = TrainingPlan(seed=1, hidden_units=(5, 4), activation="tanh", learning_rate=0.02)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_loss_and_regulariser_has_the_right_gradients(
    activation: ActivationName, dataset: str, variant: str
) -> None:
    plan = replace(PLAN, activation=activation, **VARIANTS[variant])
    for epochs in (0, 3):
        found = check_gradients(plan, DATASETS[dataset], epochs)
        assert found.verdict == found.overall.verdict == "right"
        assert max(check.relative_error for check in [*found.layers, found.overall]) < RIGHT, found
    assert min(check.checked for check in found.layers) > 0, "after some epochs nothing hides behind its start at 0"


@pytest.mark.parametrize(
    ("batch_norm", "names"),
    [
        (False, ["W1", "b1", "W2", "b2", "W3", "b3"]),
        (True, ["W1", "beta1", "gamma1", "W2", "beta2", "gamma2", "W3", "b3"]),
    ],
)
def test_each_array_of_each_layer_is_checked_for_itself_and_all_together(batch_norm: bool, names: list[str]) -> None:
    found = check_gradients(replace(PLAN, batch_norm=batch_norm), DATASETS["softmax"])
    assert [check.name for check in found.layers] == names
    assert found.overall.name == "all"
    assert found.overall.checked == sum(check.checked for check in found.layers)
    assert found.overall.skipped == 0


def test_dropout_and_augmentation_are_off_and_padding_is_left_out() -> None:
    plan = replace(PLAN, keep_probs=(0.5, 0.5), augmentation=Augmentation(shift=2, noise=1.0), width_step=32)
    bare = replace(plan, keep_probs=(), augmentation=None, width_step=1)
    assert check_gradients(plan, pictures()) == check_gradients(bare, pictures())


def test_a_plan_that_cannot_be_trained_cannot_be_checked() -> None:
    with pytest.raises(InvalidField):
        check_gradients(replace(PLAN, batch_norm=True, batch_size=1), DATASETS["softmax"])


def test_of_a_large_array_a_sample_is_checked_that_the_plans_seed_draws() -> None:
    whole, sample, same, other = (
        check_gradients(replace(PLAN, seed=seed), DATASETS["softmax"], 3, numbers_per_array=numbers)
        for seed, numbers in [(1, None), (1, 4), (1, 4), (2, 4)]
    )
    assert [check.size for check in sample.layers] == [check.checked for check in whole.layers] == [25, 5, 20, 4, 12, 3]
    assert [check.checked for check in sample.layers] == [4, 4, 4, 4, 4, 3]
    assert sample.verdict == "right"
    assert sample == same != other


def test_a_mistake_in_a_sample_is_located(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dense, "backward", second_layer_doubled)
    assert_located(check_gradients(PLAN, DATASETS["softmax"], numbers_per_array=3), {"W2"})


def test_a_network_that_takes_too_long_to_check_is_refused_with_its_size() -> None:
    with pytest.raises(InvalidField, match="has 1,010,003 parameters, but the gradients of at most 1,000,000 can be"):
        check_gradients(replace(PLAN, hidden_units=(1000, 1000)), DATASETS["softmax"])


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_network_that_diverged_is_not_called_right(variant: str) -> None:
    plan = replace(PLAN, activation="relu", optimizer="sgd", learning_rate=1e29, **VARIANTS[variant])
    with pytest.raises(Diverged, match="NaN or infinite after 9 epochs"):
        check_gradients(plan, DATASETS["squared error"], epochs=9)


def order_of(errors: Array, epsilons: Array) -> float:
    """The p of an error that falls like ε^p."""
    return float(np.polyfit(np.log(epsilons), np.log(errors), 1)[0])


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_one_sided_errors_fall_with_epsilon_and_two_sided_ones_with_its_square(
    dataset: str, activation: ActivationName
) -> None:
    """Over a decade and a half of ε, on a network without kinks, far above what float64 rounds."""
    epsilons = np.geomspace(1e-3, 3e-2, 5)
    plan = replace(PLAN, activation=activation)
    found = [check_gradients(plan, DATASETS[dataset], epochs=2, epsilon=epsilon).overall for epsilon in epsilons]
    one_sided, two_sided = (
        np.array([getattr(check, kind) for check in found]) for kind in ("one_sided_error", "relative_error")
    )
    assert order_of(one_sided, epsilons) == pytest.approx(1, abs=0.05)
    assert order_of(two_sided, epsilons) == pytest.approx(2, abs=0.05)
    assert (two_sided < one_sided).all()


@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
def test_numbers_whose_change_crosses_a_kink_are_skipped_and_counted(activation: ActivationName) -> None:
    plan = replace(PLAN, activation=activation)
    fine, coarse = (check_gradients(plan, DATASETS["softmax"], epochs=2, epsilon=step) for step in (1e-7, 3e-2))
    numbers = {"W1": 25, "b1": 5, "W2": 20, "b2": 4, "W3": 12, "b3": 3}
    for check in [*fine.layers, *coarse.layers]:
        assert check.checked + check.skipped == numbers[check.name]
    assert fine.overall.skipped == 0
    skipped = {check.name: check.skipped for check in coarse.layers}
    assert skipped["W1"] > 0
    assert skipped["W3"] == skipped["b3"] == 0, "after the last kink nothing crosses one"


def test_weights_within_epsilon_of_zero_are_skipped_with_l1_alone() -> None:
    plan = replace(PLAN, initializer="normal", l2=0.5)  # weights of about 0.01
    for l1, skips in [(0.0, False), (0.5, True)]:
        found = check_gradients(replace(plan, l1=l1), DATASETS["softmax"], epsilon=1e-3)
        weights = [check for check in found.layers if check.name.startswith("W")]
        assert (sum(check.skipped for check in weights) > 0) == skips
        assert all(check.checked > 0 for check in weights)


def test_biases_at_zero_are_checked_with_l1_too_as_it_does_not_pull_at_them() -> None:
    found = check_gradients(replace(PLAN, l1=0.5), DATASETS["softmax"])
    assert [check.skipped for check in found.layers if check.name.startswith("b")] == [0, 0, 0]


def test_an_array_of_which_all_was_skipped_is_not_called_right() -> None:
    assert Check("W1", 0.0, 0.0, size=3, checked=0, skipped=3).verdict == "look_closer"


@pytest.mark.parametrize(
    ("error", "verdict"),
    [(0.0, "right"), (1e-7, "right"), (1e-5, "look_closer"), (1e-4, "look_closer"), (1e-3, "wrong"), (1.0, "wrong")],
)
def test_the_verdict_follows_the_relative_error(error: float, verdict: str) -> None:
    assert Check("W1", error, error, size=1, checked=1, skipped=0).verdict == verdict


def test_the_verdict_of_all_is_that_of_the_worst_layer() -> None:
    right, doubtful, wrong = (Check("W1", error, error, size=1, checked=1, skipped=0) for error in (1e-9, 1e-5, 0.1))
    assert GradientCheck([right, right], right).verdict == "right"
    assert GradientCheck([right, doubtful], right).verdict == "look_closer"
    assert GradientCheck([wrong, right, doubtful], right).verdict == "wrong"


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
    found = check_gradients(replace(PLAN, activation=activation), DATASETS["softmax"], epochs)
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
    assert_located(check_gradients(PLAN, DATASETS[dataset]), {"W1", "b1", "W2", "b2", "W3", "b3"})


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
    assert_located(check_gradients(replace(PLAN, batch_norm=True), DATASETS["softmax"]), wrong)


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
    assert_located(check_gradients(replace(PLAN, **penalties), DATASETS["softmax"]), {"W1", "W2", "W3"})  # type: ignore[arg-type]


def test_a_penalty_on_biases_is_found_in_them_once_they_have_left_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Penalties, "add", of_the_biases_too)
    plan = replace(PLAN, l2=2.0)
    assert check_gradients(plan, DATASETS["softmax"]).verdict == "right", "at 0 a bias costs nothing"
    assert_located(check_gradients(plan, DATASETS["softmax"], epochs=3), {"b1", "b2", "b3"})


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
    assert_located(check_gradients(PLAN, DATASETS["softmax"]), wrong)
