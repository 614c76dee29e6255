"""Optimisers by where they arrive, by what a member's neighbours may not change, and against the papers' formulas."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from engine.training.arrays import Array
from engine.training.optimizers import OPTIMIZERS, Optimizer
from engine.training.plan import TrainingPlan
from engine.training.values import OptimizerName

PLAN = TrainingPlan()


def prepared(plans: Sequence[TrainingPlan], parameters: Array, steps: int) -> Optimizer:
    optimizer = OPTIMIZERS[plans[0].optimizer](plans, parameters)
    optimizer.prepare(rates_of(plans), steps)
    return optimizer


def rates_of(plans: Sequence[TrainingPlan]) -> Array:
    return np.array([[plan.learning_rate] for plan in plans], np.float64)


def walk(plans: Sequence[TrainingPlan], start: Array, slope: Callable[[Array], Array], steps: int) -> Array:
    """Where the members' parameters (K, P) are after some steps down `slope`."""
    parameters = np.array(start, np.float32)
    optimizer = prepared(plans, parameters, steps)
    for _ in range(steps):
        optimizer.step(parameters, slope(parameters).astype(np.float32))
    return parameters


def test_every_optimizer_that_a_plan_can_name_exists() -> None:
    assert set(OPTIMIZERS) == set(get_args(OptimizerName)) == set(TEXTBOOK)


BOTTOM = np.array([[3.0, -1.0, 0.5]])


@pytest.mark.parametrize(
    ("optimizer", "learning_rate", "steps"),
    [("sgd", 0.1, 150), ("momentum", 0.1, 300), ("adagrad", 1.0, 300), ("rmsprop", 1e-3, 4000), ("adam", 0.1, 600)],
)
def test_each_arrives_at_the_bottom_of_a_bowl(optimizer: OptimizerName, learning_rate: float, steps: int) -> None:
    plan = replace(PLAN, optimizer=optimizer, learning_rate=learning_rate)
    arrived = walk([plan], np.zeros((1, 3)), lambda w: w - BOTTOM, steps)
    # RMSProp never comes to rest: its steps near the bottom are as long as its rate.
    np.testing.assert_allclose(arrived, BOTTOM, atol=1e-3 if optimizer == "rmsprop" else 1e-4)


STEEPNESS = np.array([[1.0, 100.0]])  # of the ravine ½ (x² + 100 y²)


def left_in_the_ravine(plan: TrainingPlan) -> float:
    """The distance from the bottom after 100 steps from (10, 1)."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.linalg.norm(walk([plan], np.array([[10.0, 1.0]]), lambda w: STEEPNESS * w, 100)))


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_along_a_ravine_momentum_and_adam_come_further_than_sgd_at_any_rate(optimizer: OptimizerName) -> None:
    rates = np.geomspace(1e-3, 10, 60)
    best_of_sgd, best = (
        np.nanmin([left_in_the_ravine(replace(PLAN, optimizer=name, learning_rate=rate)) for rate in rates])
        for name in ("sgd", optimizer)
    )
    assert best < best_of_sgd / 5


MEMBERS = [
    replace(PLAN, learning_rate=0.1, momentum=0.0, beta_1=0.0, beta_2=0.9, epsilon=1e-3),
    replace(PLAN, learning_rate=0.003, momentum=0.9, beta_1=0.9, beta_2=0.999, epsilon=1e-8),
    replace(PLAN, learning_rate=0.7, momentum=0.999, beta_1=0.99, beta_2=0.9999, epsilon=1.0),
    replace(PLAN, learning_rate=0.02, momentum=0.5, beta_1=0.5, beta_2=0.0, epsilon=1e-8),
    replace(PLAN, learning_rate=0.01),
]


def members(optimizer: OptimizerName) -> list[TrainingPlan]:
    return [replace(plan, optimizer=optimizer) for plan in MEMBERS]


def random_gradients(steps: int) -> Array:
    """(steps, K, P) float32."""
    return np.random.default_rng(0).normal(size=(steps, len(MEMBERS), 16)).astype(np.float32)


def moved(plans: Sequence[TrainingPlan], gradients: Array) -> Array:
    """(K, P): how far the given gradients move parameters that start at 0."""
    parameters = np.zeros(gradients.shape[1:], np.float32)
    optimizer = prepared(plans, parameters, len(gradients))
    for gradient in gradients:
        optimizer.step(parameters, gradient.copy())
    return parameters


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_each_member_goes_its_own_way_as_if_alone(optimizer: OptimizerName) -> None:
    plans, gradients = members(optimizer), random_gradients(30)
    together = moved(plans, gradients)
    assert len(np.unique(together[:, 0])) == len(plans)
    for member, plan in enumerate(plans):
        np.testing.assert_array_equal(together[[member]], moved([plan], gradients[:, [member]]))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_those_that_are_kept_go_on_as_if_the_others_had_never_been(optimizer: OptimizerName) -> None:
    plans, gradients, kept = members(optimizer), random_gradients(30), [0, 2]
    parameters = np.zeros(gradients.shape[1:], np.float32)
    made = prepared(plans, parameters, 12)
    for gradient in gradients[:12]:
        made.step(parameters, gradient.copy())
    made.keep(kept)
    parameters = parameters[kept]
    made.prepare(rates_of([plans[member] for member in kept]), 18)
    for gradient in gradients[12:]:
        made.step(parameters, gradient[kept])
    np.testing.assert_array_equal(parameters, moved([plans[member] for member in kept], gradients[:, kept]))


def textbook_sgd(plan: TrainingPlan, gradients: Array) -> Array:
    w = np.zeros(gradients.shape[1])
    for gradient in gradients:
        w = w - plan.learning_rate * gradient
    return w


def textbook_momentum(plan: TrainingPlan, gradients: Array) -> Array:
    w = velocity = np.zeros(gradients.shape[1])
    for gradient in gradients:
        velocity = plan.momentum * velocity + (1 - plan.momentum) * gradient
        w = w - plan.learning_rate * velocity
    return w


def textbook_adam(plan: TrainingPlan, gradients: Array) -> Array:
    """Kingma and Ba 2015, algorithm 1, line by line."""
    beta_2 = 0.999 if plan.beta_2 is None else plan.beta_2
    w = m = v = np.zeros(gradients.shape[1])
    for t, gradient in enumerate(gradients, start=1):
        m = plan.beta_1 * m + (1 - plan.beta_1) * gradient
        v = beta_2 * v + (1 - beta_2) * gradient**2
        m_hat = m / (1 - plan.beta_1**t)
        v_hat = v / (1 - beta_2**t)
        w = w - plan.learning_rate * m_hat / (np.sqrt(v_hat) + plan.epsilon)
    return w


def textbook_adagrad(plan: TrainingPlan, gradients: Array) -> Array:
    """Duchi, Hazan and Singer 2011, with the diagonal alone."""
    w = s = np.zeros(gradients.shape[1])
    for gradient in gradients:
        s = s + gradient**2
        w = w - plan.learning_rate * gradient / (np.sqrt(s) + plan.epsilon)
    return w


def textbook_rmsprop(plan: TrainingPlan, gradients: Array) -> Array:
    """Hinton 2012, lecture 6e."""
    beta = 0.9 if plan.beta_2 is None else plan.beta_2
    w = v = np.zeros(gradients.shape[1])
    for gradient in gradients:
        v = beta * v + (1 - beta) * gradient**2
        w = w - plan.learning_rate * gradient / (np.sqrt(v) + plan.epsilon)
    return w


TEXTBOOK: dict[OptimizerName, Callable[[TrainingPlan, Array], Array]] = {
    "sgd": textbook_sgd,
    "momentum": textbook_momentum,
    "adagrad": textbook_adagrad,
    "rmsprop": textbook_rmsprop,
    "adam": textbook_adam,
}


@pytest.mark.parametrize("steps", [1, 2, 100])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_each_moves_as_its_textbook_says(optimizer: OptimizerName, steps: int) -> None:
    plans, gradients = members(optimizer), random_gradients(steps)
    ours = moved(plans, gradients)
    for member, plan in enumerate(plans):
        theirs = TEXTBOOK[optimizer](plan, gradients[:, member].astype(np.float64))
        assert np.linalg.norm(ours[member] - theirs) < 1e-5 * np.linalg.norm(theirs)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_rate_that_changes_from_epoch_to_epoch_is_the_rate_of_the_next_steps(optimizer: OptimizerName) -> None:
    """All steps are proportional to their rate, so tenths of the first rate move the parameters a tenth as far."""
    plans, gradients = [replace(PLAN, optimizer=optimizer)], random_gradients(20)[:, :1]
    ends = []
    for factor in (1.0, 0.1):
        parameters = np.zeros((1, 16), np.float32)
        made = prepared(plans, parameters, 10)
        for gradient in gradients[:10]:
            made.step(parameters, gradient.copy())
        middle = parameters.copy()
        made.prepare(rates_of(plans) * factor, 10)
        for gradient in gradients[10:]:
            made.step(parameters, gradient.copy())
        ends.append(parameters - middle)
    np.testing.assert_allclose(0.1 * ends[0], ends[1], rtol=1e-2, atol=1e-7)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_the_first_step_of_adam_is_the_learning_rate_whatever_the_gradients_scale(scale: float) -> None:
    plan = replace(PLAN, optimizer="adam", learning_rate=0.01)
    gradients = scale * np.array([[[-3.0, 0.2, 1.0, 50.0]]], np.float32)
    np.testing.assert_allclose(moved([plan], gradients), [[0.01, -0.01, -0.01, -0.01]], rtol=1e-3)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.99])
def test_momentum_under_a_constant_gradient_ends_at_the_speed_of_sgd(beta: float) -> None:
    """In the form without 1 - β it would end 1 / (1 - β) times as fast."""
    plan = replace(PLAN, optimizer="momentum", learning_rate=0.01, momentum=beta)
    gradients = np.full((2001, 1, 1), 4.0, np.float32)
    first_step = moved([plan], gradients[:1])
    last_step = moved([plan], gradients) - moved([plan], gradients[:-1])
    np.testing.assert_allclose(first_step, -(1 - beta) * 0.01 * 4, rtol=1e-5)
    np.testing.assert_allclose(last_step, -0.01 * 4, rtol=1e-3)


def test_a_parameter_without_gradient_stands_still_under_the_smallest_epsilon() -> None:
    plan = replace(PLAN, optimizer="adam", epsilon=1e-30)
    assert not moved([plan], np.zeros((3, 1, 2), np.float32)).any()


def test_a_whole_number_as_large_as_the_rule_allows_is_a_learning_rate_like_any_other() -> None:
    huge = 10**29
    for optimizer in OPTIMIZERS:
        assert np.isfinite(moved([replace(PLAN, optimizer=optimizer, learning_rate=huge)], np.ones((1, 1, 2)))).all()
