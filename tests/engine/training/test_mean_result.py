"""Several trainings that differ in their seed alone, told as one."""

import math
from dataclasses import replace
from statistics import mean

import pytest

from engine.training import LearningCurve, TrainingPlan, TrainingResult, train_pack
from engine.training.mean_result import mean_result, standard_error
from engine.training.result import Signals
from tests.engine.training.small_data import clouds

LONG = TrainingResult(
    value=0.25,
    metrics={"dev_error_rate": 0.25, "dev_loss": 1.0},
    best_epoch=3,
    epochs=3,
    curve=LearningCurve([1, 2, 3], [0.5, 0.5, 0.25], [0.75, 0.5, 0.25], [4.0, 3.0, 2.0]),
    parameters=[],
    signals=Signals([1.0, 2.0], [2.0, 2.0], [0.5], [1.0, 0.5, 0.25]),
    signs=["plateau"],
)
SHORT = TrainingResult(
    value=0.75,
    metrics={"dev_error_rate": 0.75, "dev_loss": 2.0},
    best_epoch=1,
    epochs=2,
    curve=LearningCurve([1, 2], [0.25, 0.0], [0.25, 1.0], [2.0, 1.0]),
    parameters=[],
    signals=Signals([3.0, 4.0], [4.0, 6.0], [0.0], [0.5, 0.5]),
    signs=["saturated", "plateau"],
)
DIVERGED = replace(
    SHORT, value=None, metrics={}, best_epoch=None, failure="the loss became NaN or infinite in epoch 3",
    signals=Signals([3.0, 4.0], [4.0, 6.0], [], [0.5, 0.5]), signs=["exploding"],
)  # fmt: skip


def test_one_result_stays_as_it_is() -> None:
    assert mean_result([LONG]) is LONG


def test_numbers_are_means_and_a_curve_goes_on_as_long_as_one_of_them_trains() -> None:
    found = mean_result([LONG, SHORT])
    assert found.value == 0.5
    assert found.metrics == {"dev_error_rate": 0.5, "dev_loss": 1.5}
    assert (found.best_epoch, found.epochs) == (1, 3)
    assert found.curve == LearningCurve([1, 2, 3], [0.375, 0.25, 0.25], [0.5, 0.75, 0.25], [3.0, 2.0, 2.0])
    assert found.signals == Signals([2.0, 3.0], [3.0, 4.0], [0.25], [0.75, 0.5, 0.25])
    assert found.signs == ["plateau", "saturated"]
    assert found.failure is None


def test_one_that_diverges_makes_the_whole_diverge_and_is_named() -> None:
    found = mean_result([LONG, DIVERGED, LONG])
    assert found.failure == "training 2 of 3: the loss became NaN or infinite in epoch 3"
    assert (found.value, found.metrics, found.best_epoch, found.epochs) == (None, {}, None, 3)
    assert found.curve.dev == [mean([0.75, 0.25, 0.75]), mean([0.5, 1.0, 0.5]), 0.25]
    assert found.signals.saturated == [0.5]
    assert found.signs == ["plateau", "exploding"]


def test_the_mean_of_equal_results_is_their_like() -> None:
    values = [0.1, 0.1, 0.1]  # whose plain sum is 0.30000000000000004
    assert mean_result([replace(LONG, value=value) for value in values]).value == 0.1
    assert standard_error(values) == pytest.approx(0, abs=1e-17)


def test_a_standard_error_tells_how_far_means_lie_apart() -> None:
    assert standard_error([1.0, 2.0, 3.0, 4.0]) == pytest.approx(math.sqrt((2.25 + 0.25) * 2 / 3 / 4))
    assert standard_error([1.0]) is None
    assert standard_error([]) is None


def test_the_mean_of_many_real_trainings_is_that_of_each_alone() -> None:
    plans = [TrainingPlan(seed=seed, hidden_units=(7,), epochs=4, early_stopping_patience=1) for seed in range(5)]
    together = train_pack(plans, clouds(3))
    alone = [train_pack([plan], clouds(3))[0] for plan in plans]
    found = mean_result(together)
    assert found.value == mean(result.value for result in alone if result.value is not None)
    assert len({result.value for result in alone}) > 1
    assert found.curve.dev[0] == mean(result.curve.dev[0] for result in alone)
