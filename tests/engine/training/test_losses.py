"""Losses: their values, and that no logit is too large for them. Their gradients are checked in test_gradients.py."""

from collections.abc import Callable

import numpy as np
import pytest

from engine.training.arrays import Array
from engine.training.dataset import Dataset
from engine.training.losses import Loss, SigmoidCrossEntropy, SoftmaxCrossEntropy, SquaredError, by_class, loss_for
from tests.engine.training.small_data import clouds, wave

SOFTMAX, SIGMOID, SQUARED = SoftmaxCrossEntropy, SigmoidCrossEntropy, SquaredError

MadeFor = Callable[[Array], Loss]
LOSSES: list[tuple[MadeFor, int]] = [(SOFTMAX, 10), (SOFTMAX, 3), (SIGMOID, 1), (SQUARED, 1)]  # with their outputs


def random_targets(loss: MadeFor, outputs: int, shape: tuple[int, int]) -> Array:
    rng = np.random.default_rng(1)
    if loss is SQUARED:
        return rng.normal(size=shape).astype(np.float32)
    return rng.integers(max(outputs, 2), size=shape).astype(np.int32)


@pytest.mark.parametrize(
    ("loss", "logits", "target", "expected"),
    [
        (SOFTMAX, [0.0, 0.0, 0.0], 1, np.log(3)),
        (SOFTMAX, [np.log(2), np.log(5), np.log(3)], 2, np.log(10 / 3)),
        (SOFTMAX, [1e4, 0.0, -1e4], 0, 0),
        (SOFTMAX, [1e4, 0.0, -1e4], 1, 1e4),
        (SOFTMAX, [1e4, 0.0, -1e4], 2, 2e4),
        (SIGMOID, [0.0], 1, np.log(2)),
        (SIGMOID, [np.log(3)], 1, np.log(4 / 3)),
        (SIGMOID, [np.log(3)], 0, np.log(4)),
        (SIGMOID, [1e4], 1, 0),
        (SIGMOID, [1e4], 0, 1e4),
        (SIGMOID, [-1e4], 1, 1e4),
        (SIGMOID, [-1e4], 0, 0),
        (SQUARED, [1.5], -0.5, 4),
        (SQUARED, [1e4], -1e4, 4e8),
    ],
)
def test_values_by_hand_in_float32(loss: MadeFor, logits: list[float], target: float, expected: float) -> None:
    given = np.array([[logits]], np.float32)
    values = loss(given).per_row(by_class(given), np.array([[target]], type(target)))
    assert values.shape == (1, 1)
    assert values[0, 0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("loss", "outputs"), LOSSES)
@pytest.mark.parametrize("size", [0.0, 1.0, 1e4])
def test_large_logits_overflow_nothing(loss: MadeFor, outputs: int, size: float) -> None:
    rng = np.random.default_rng(0)
    logits = (size * rng.choice([-1, 1], size=(3, 8, outputs))).astype(np.float32)
    targets = random_targets(loss, outputs, (3, 8))
    gradient = np.empty_like(logits)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        values = loss(logits).per_row(by_class(logits), targets)
        loss(logits).gradient(logits, targets, out=gradient)
    assert values.dtype == np.float32
    assert np.isfinite(values).all()
    assert np.isfinite(gradient).all()
    assert (values >= 0).all()


@pytest.mark.parametrize(("loss", "outputs"), LOSSES)
@pytest.mark.parametrize("members_and_rows", [(1, 1), (1, 5), (4, 1), (4, 5)])
def test_a_loss_leaves_its_logits_as_they_are(loss: MadeFor, outputs: int, members_and_rows: tuple[int, int]) -> None:
    logits = np.random.default_rng(0).normal(size=(*members_and_rows, outputs))
    targets = random_targets(loss, outputs, members_and_rows)
    before = logits.copy()
    loss(logits).per_row(by_class(logits), targets)
    loss(logits).gradient(logits, targets, out=np.empty_like(logits))
    np.testing.assert_array_equal(logits, before)


@pytest.mark.parametrize(("loss", "outputs"), LOSSES)
def test_targets_that_all_members_share_need_be_given_once(loss: MadeFor, outputs: int) -> None:
    logits = np.random.default_rng(0).normal(size=(4, 6, outputs))
    shared = random_targets(loss, outputs, (1, 6))
    repeated = shared.repeat(4, axis=0)
    once, each = (loss(logits).per_row(by_class(logits), targets) for targets in (shared, repeated))
    np.testing.assert_array_equal(once, each)


@pytest.mark.parametrize(("loss", "outputs"), LOSSES)
def test_the_buffers_can_be_used_again(loss: MadeFor, outputs: int) -> None:
    rng = np.random.default_rng(0)
    made = loss(np.empty((4, 6, outputs)))
    for _ in range(2):
        logits, targets = rng.normal(size=(4, 6, outputs)), random_targets(loss, outputs, (4, 6))
        ours, alone = np.empty_like(logits), np.empty_like(logits)
        made.gradient(logits, targets, out=ours)
        loss(logits).gradient(logits, targets, out=alone)
        np.testing.assert_array_equal(ours, alone)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_gradient_of_softmax_sums_to_zero_in_each_row(dtype: type) -> None:
    rng = np.random.default_rng(0)
    logits: Array = rng.normal(scale=5, size=(4, 6, 10)).astype(dtype)
    targets = rng.integers(10, size=(4, 6))
    gradient = np.empty_like(logits)
    SOFTMAX(logits).gradient(logits, targets, out=gradient)
    assert np.abs(gradient).max() > 0.1
    assert np.abs(gradient.sum(axis=2)).max() < np.finfo(dtype).eps


def test_sigmoid_of_one_logit_is_softmax_of_two_of_which_one_is_zero() -> None:
    rng = np.random.default_rng(0)
    one, targets = rng.normal(scale=5, size=(4, 6, 1)), rng.integers(2, size=(4, 6))
    two = np.concatenate([np.zeros_like(one), one], axis=2)
    np.testing.assert_allclose(
        SIGMOID(one).per_row(by_class(one), targets), SOFTMAX(two).per_row(by_class(two), targets), atol=1e-14
    )
    of_one, of_two = np.empty_like(one), np.empty_like(two)
    SIGMOID(one).gradient(one, targets, out=of_one)
    SOFTMAX(two).gradient(two, targets, out=of_two)
    np.testing.assert_allclose(of_one, of_two[:, :, 1:], atol=1e-14)


@pytest.mark.parametrize(
    ("dataset", "loss"),
    [(clouds(2), SigmoidCrossEntropy), (clouds(3), SoftmaxCrossEntropy), (wave(), SquaredError)],
    ids=["two classes", "three classes", "regression"],
)
def test_the_dataset_decides_on_the_loss(dataset: Dataset, loss: type) -> None:
    assert type(loss_for(dataset, np.empty((1, 1, dataset.outputs)))) is loss


def test_the_gradient_of_a_confident_network_stays_out_of_the_denormal_numbers() -> None:
    logits = np.array([[[0.0, 95.0, 0.0]]], np.float32)
    gradient = np.empty_like(logits)
    SoftmaxCrossEntropy(logits).gradient(logits, np.array([[1]]), gradient)
    assert (np.square(gradient[gradient != 0]) >= np.finfo(np.float32).smallest_normal).all()
    np.testing.assert_allclose(gradient, 0, atol=1e-14)
