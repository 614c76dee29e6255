"""The engine's gradient check: it finds right gradients right, and what is no gradient it leaves out."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.errors import InvalidField
from engine.training.arrays import Array
from engine.training.augmentation import Augmentation
from engine.training.gradient_check import Check, Diverged, GradientCheck, check_gradients
from engine.training.layers.activations import ACTIVATIONS, ActivationName
from engine.training.plan import TrainingPlan
from tests.engine.training.small_data import BY_LOSS, pictures

RIGHT = 1e-7

VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "batch norm": {"batch_norm": True},
    "l1 and l2": {"l1": 0.3, "l2": 2.0},
    "raw inputs": {"normalize_inputs": False, "batch_norm": True},
    "all": {"batch_norm": True, "l1": 0.3, "l2": 2.0},
}

PLAN = TrainingPlan(seed=1, hidden_units=(5, 4), activation="tanh", learning_rate=0.02)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dataset", BY_LOSS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_loss_and_regulariser_has_the_right_gradients(
    activation: ActivationName, dataset: str, variant: str
) -> None:
    plan = replace(PLAN, activation=activation, **VARIANTS[variant])
    for epochs in (0, 3):
        found = check_gradients(plan, BY_LOSS[dataset], epochs)
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
    found = check_gradients(replace(PLAN, batch_norm=batch_norm), BY_LOSS["softmax"])
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
        check_gradients(replace(PLAN, batch_norm=True, batch_size=1), BY_LOSS["softmax"])


def test_of_a_large_array_a_sample_is_checked_that_the_plans_seed_draws() -> None:
    whole, sample, same, other = (
        check_gradients(replace(PLAN, seed=seed), BY_LOSS["softmax"], 3, numbers_per_array=numbers)
        for seed, numbers in [(1, None), (1, 4), (1, 4), (2, 4)]
    )
    assert [check.size for check in sample.layers] == [check.checked for check in whole.layers] == [25, 5, 20, 4, 12, 3]
    assert [check.checked for check in sample.layers] == [4, 4, 4, 4, 4, 3]
    assert sample.verdict == "right"
    assert sample == same != other


def test_a_network_that_takes_too_long_to_check_is_refused_with_its_size() -> None:
    with pytest.raises(InvalidField, match="has 1,010,003 parameters, but the gradients of at most 1,000,000 can be"):
        check_gradients(replace(PLAN, hidden_units=(1000, 1000)), BY_LOSS["softmax"])


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_network_that_diverged_is_not_called_right(variant: str) -> None:
    plan = replace(PLAN, activation="relu", optimizer="sgd", learning_rate=1e29, **VARIANTS[variant])
    with pytest.raises(Diverged, match="NaN or infinite after 9 epochs"):
        check_gradients(plan, BY_LOSS["squared error"], epochs=9)


def order_of(errors: Array, epsilons: Array) -> float:
    """The p of an error that falls like ε^p."""
    return float(np.polyfit(np.log(epsilons), np.log(errors), 1)[0])


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
@pytest.mark.parametrize("dataset", BY_LOSS)
def test_one_sided_errors_fall_with_epsilon_and_two_sided_ones_with_its_square(
    dataset: str, activation: ActivationName
) -> None:
    """Over a decade and a half of ε, on a network without kinks, far above what float64 rounds."""
    epsilons = np.geomspace(1e-3, 3e-2, 5)
    plan = replace(PLAN, activation=activation)
    found = [check_gradients(plan, BY_LOSS[dataset], epochs=2, epsilon=epsilon).overall for epsilon in epsilons]
    one_sided, two_sided = (
        np.array([getattr(check, kind) for check in found]) for kind in ("one_sided_error", "relative_error")
    )
    assert order_of(one_sided, epsilons) == pytest.approx(1, abs=0.05)
    assert order_of(two_sided, epsilons) == pytest.approx(2, abs=0.05)
    assert (two_sided < one_sided).all()


@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
def test_numbers_whose_change_crosses_a_kink_are_skipped_and_counted(activation: ActivationName) -> None:
    plan = replace(PLAN, activation=activation)
    fine, coarse = (check_gradients(plan, BY_LOSS["softmax"], epochs=2, epsilon=step) for step in (1e-7, 3e-2))
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
        found = check_gradients(replace(plan, l1=l1), BY_LOSS["softmax"], epsilon=1e-3)
        weights = [check for check in found.layers if check.name.startswith("W")]
        assert (sum(check.skipped for check in weights) > 0) == skips
        assert all(check.checked > 0 for check in weights)


def test_biases_at_zero_are_checked_with_l1_too_as_it_does_not_pull_at_them() -> None:
    found = check_gradients(replace(PLAN, l1=0.5), BY_LOSS["softmax"])
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
