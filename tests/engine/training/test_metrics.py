"""Metrics against cases worked out by hand, and against scikit-learn on random answers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from engine.errors import InvalidField
from engine.training.arrays import Array
from engine.training.dataset import Dataset
from engine.training.losses import by_class, loss_for
from engine.training.metrics import DEFAULT_METRIC, METRICS, MetricName, Outputs, metric_for, outputs_of
from tests.engine.training.small_data import clouds, wave


def outputs(predicted: Any, targets: Any, classes: int) -> Outputs:
    return Outputs(np.array([predicted]), np.array([targets]), np.array([0.25]), classes)


# Class 1 of two: called 3 times, twice rightly; it is there 4 times.
TWO = outputs([1, 1, 1, 0, 0, 0], [1, 1, 0, 1, 1, 0], 2)
# Of three: class 0 right 2, called 3, there 2; class 1 right 1, called 1, there 3; class 2 right 1, called 2, there 1.
THREE = outputs([0, 0, 0, 1, 2, 2], [0, 0, 1, 1, 1, 2], 3)
# Class 3 of four is neither called nor there.
ABSENT = outputs([0, 0, 0, 1, 2, 2], [0, 0, 1, 1, 1, 2], 4)
NEVER_CALLED = outputs([0, 0], [1, 0], 2)
NOT_THERE = outputs([1, 0], [0, 0], 2)
NUMBERS = outputs([3.0, 1.0, 6.0, 4.0], [2.0, 1.0, 8.0, 5.0], 0)

BY_HAND: list[tuple[MetricName, Outputs, float]] = [
    ("error_rate", TWO, 3 / 6),
    ("accuracy", TWO, 3 / 6),
    ("precision", TWO, 2 / 3),
    ("recall", TWO, 2 / 4),
    ("f1", TWO, 4 / 7),
    ("error_rate", THREE, 2 / 6),
    ("accuracy", THREE, 4 / 6),
    ("precision", THREE, (2 / 3 + 1 + 1 / 2) / 3),
    ("recall", THREE, (1 + 1 / 3 + 1) / 3),
    ("f1", THREE, (4 / 5 + 2 / 4 + 2 / 3) / 3),
    ("precision", ABSENT, (2 / 3 + 1 + 1 / 2) / 4),
    ("recall", ABSENT, (1 + 1 / 3 + 1) / 4),
    ("f1", ABSENT, (4 / 5 + 2 / 4 + 2 / 3) / 4),
    ("precision", NEVER_CALLED, 0),
    ("f1", NEVER_CALLED, 0),
    ("recall", NOT_THERE, 0),
    ("f1", NOT_THERE, 0),
    ("log_loss", TWO, 0.25),
    ("rmse", NUMBERS, np.sqrt(6 / 4)),
    ("mae", NUMBERS, 4 / 4),
    ("r2", NUMBERS, 1 - 6 / 30),
    ("r2", outputs([9.0, 9.0], [1.0, 2.0], 0), 1 - (64 + 49) / 0.5),
    ("r2", outputs([1.0, 2.0, 3.0], [0.1, 0.1, 0.1], 0), 0),
    ("r2", outputs([1.0, 2.0, 3.0], [0.0, 0.0, 1e-200], 0), 0),
]


@pytest.mark.parametrize(("name", "given", "expected"), BY_HAND)
def test_metrics_by_hand(name: MetricName, given: Outputs, expected: float) -> None:
    assert METRICS[name].compute(given) == pytest.approx([expected], rel=1e-12)


def test_every_metric_is_worked_out_by_hand() -> None:
    assert {name for name, _, _ in BY_HAND} == set(METRICS) == set(get_args(MetricName))


def averaged(function: Callable[..., float], classes: int) -> Callable[[Array, Array], float]:
    """scikit-learn's score of class 1 for two classes, else the mean over all classes, absent ones as 0."""
    how = {"average": "binary"} if classes == 2 else {"average": "macro", "labels": range(classes)}
    return lambda targets, predicted: function(targets, predicted, zero_division=0, **how)


@pytest.mark.parametrize("rows", [3, 40])
@pytest.mark.parametrize("classes", [2, 3, 10])
def test_classification_metrics_agree_with_scikit_learn(classes: int, rows: int) -> None:
    rng = np.random.default_rng(classes)
    predicted, targets = rng.integers(classes, size=(6, rows)), rng.integers(classes, size=(1, rows))
    if classes > 3 or rows == 3:
        assert any(len(np.unique(each)) < classes for each in predicted), "some class is absent"
    given = Outputs(predicted, targets, np.zeros(6), classes)
    peers: dict[MetricName, Callable[[Array, Array], float]] = {
        "error_rate": sklearn_metrics.zero_one_loss,
        "accuracy": sklearn_metrics.accuracy_score,
        "precision": averaged(sklearn_metrics.precision_score, classes),
        "recall": averaged(sklearn_metrics.recall_score, classes),
        "f1": averaged(sklearn_metrics.f1_score, classes),
    }
    for name, peer in peers.items():
        expected = [peer(targets[0], each) for each in predicted]
        np.testing.assert_allclose(METRICS[name].compute(given), expected, rtol=1e-12, atol=1e-12, err_msg=name)


def test_regression_metrics_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    targets = rng.normal(500, 40, size=(1, 30))
    predicted = targets + rng.normal(3, 20, size=(6, 30))
    given = Outputs(predicted, targets, np.zeros(6), 0)
    peers: dict[MetricName, Callable[[Array, Array], float]] = {
        "rmse": sklearn_metrics.root_mean_squared_error,
        "mae": sklearn_metrics.mean_absolute_error,
        "r2": sklearn_metrics.r2_score,
    }
    for name, peer in peers.items():
        expected = [peer(targets[0], each) for each in predicted]
        np.testing.assert_allclose(METRICS[name].compute(given), expected, rtol=1e-10, err_msg=name)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_log_loss_agrees_with_scikit_learn(classes: int) -> None:
    rng = np.random.default_rng(0)
    dataset = clouds(classes)
    logits = rng.normal(scale=3, size=(4, 40, dataset.outputs))
    targets = dataset.dev.targets[None]
    z = by_class(logits)
    given = outputs_of(z, targets, loss_for(dataset, logits).per_row(z, targets), dataset)
    of_two = np.concatenate([np.zeros_like(logits), logits], axis=2) if classes == 2 else logits
    probabilities = np.exp(of_two) / np.exp(of_two).sum(axis=2, keepdims=True)
    expected = [sklearn_metrics.log_loss(targets[0], each, labels=range(classes)) for each in probabilities]
    np.testing.assert_allclose(METRICS["log_loss"].compute(given), expected, rtol=1e-10)


@pytest.mark.parametrize("name", METRICS)
def test_a_perfect_answer_is_no_worse_than_any_other(name: MetricName) -> None:
    """Whichever way a metric runs, `cost` is lowest for the best."""
    metric = METRICS[name]
    rng = np.random.default_rng(0)
    classes = 4 if metric.task == "classification" else 0
    targets = rng.integers(4, size=(1, 50)) if classes else rng.normal(size=(1, 50))
    predicted = np.concatenate([targets, rng.permutation(targets, axis=1)])
    perfect, other = metric.compute(Outputs(predicted, targets, np.array([0.0, 1.5]), classes))
    assert metric.cost(perfect) < metric.cost(other)


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_has_the_same_bits_for_one_member_and_for_many(name: MetricName) -> None:
    rng = np.random.default_rng(0)
    classes = 10 if METRICS[name].task == "classification" else 0
    shape = (33, 97)
    predicted = rng.integers(10, size=shape) if classes else rng.normal(size=shape)
    targets, loss = predicted[:1][:, ::-1], rng.random(33)
    together = METRICS[name].compute(Outputs(predicted, targets, loss, classes))
    for member in range(33):
        alone = Outputs(predicted[member : member + 1], targets, loss[member : member + 1], classes)
        assert METRICS[name].compute(alone)[0] == together[member]


def answers_to(dataset: Dataset, logits: list[list[list[float]]], targets: list[float]) -> Outputs:
    values = np.array(logits, np.float32)
    return outputs_of(by_class(values), np.array([targets]), np.zeros(values.shape[:2]), dataset)


def test_of_two_classes_class_1_is_answered_where_the_logit_is_above_zero() -> None:
    given = answers_to(clouds(2), [[[0.1], [-0.1], [30.0]]], [1, 0, 0])
    np.testing.assert_array_equal(given.predicted, [[1, 0, 1]])


def test_of_several_classes_the_largest_logit_is_answered() -> None:
    given = answers_to(clouds(3), [[[0, 2, 1], [5, 4, 3]], [[-1, -3, -2], [0, 0, 1]]], [1, 0])
    np.testing.assert_array_equal(given.predicted, [[1, 0], [0, 2]])


def test_of_equal_logits_the_first_is_answered() -> None:
    given = answers_to(clouds(3), [[[1, 1, 1], [0, 2, 2], [2, 0, 2]]], [0, 0, 0])
    np.testing.assert_array_equal(given.predicted, [[0, 1, 0]])


@pytest.mark.parametrize("classes", [3, 255, 256, 1000])
def test_however_many_classes_there_are_the_largest_logit_is_answered(classes: int) -> None:
    logits = np.random.default_rng(0).normal(size=(2, 400, classes))
    given = answers_to(replace(clouds(3), classes=classes), logits.tolist(), [0] * 400)
    np.testing.assert_array_equal(given.predicted, logits.argmax(axis=2))


def test_where_all_logits_are_nan_some_class_is_answered() -> None:
    given = answers_to(clouds(3), [[[np.nan] * 3]], [0])
    assert given.predicted[0, 0] in range(3)


def test_regression_is_measured_in_original_units() -> None:
    dataset = wave()
    mean, scale = dataset.target_standardisation.mean, dataset.target_standardisation.scale
    assert abs(mean) > 400
    assert scale > 20
    given = answers_to(dataset, [[[0.5], [-1.0]]], [0.25, -1.0])
    np.testing.assert_allclose(given.predicted, [[mean + 0.5 * scale, mean - scale]])
    np.testing.assert_allclose(METRICS["mae"].compute(given), [0.125 * scale])


@pytest.mark.parametrize(("task", "name"), DEFAULT_METRIC.items())
def test_each_task_has_a_default_that_fits_it(task: Any, name: MetricName) -> None:
    assert metric_for(None, task) is METRICS[name]
    assert METRICS[name].task == task
    assert not METRICS[name].maximize


@pytest.mark.parametrize(
    ("name", "task", "message"),
    [
        ("acuracy", "classification", "unknown metric 'acuracy': the nearest known one is 'accuracy'"),
        ("", "regression", f"unknown metric '': the known ones are {', '.join(map(repr, METRICS))}"),
        (
            "rmse",
            "classification",
            "`metric` must fit a classification task (error_rate, accuracy, precision, recall, f1, log_loss), "
            "but got 'rmse'",
        ),
        ("f1", "regression", "`metric` must fit a regression task (rmse, mae, r2), but got 'f1'"),
    ],
)
def test_a_metric_that_does_not_exist_or_fit_is_refused(name: str, task: Any, message: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        metric_for(name, task)
    assert refusal.value.path == ("metric",)
    assert refusal.value.message == message
