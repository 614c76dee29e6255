"""Standardisation: what is learned from the training rows, and columns that could do harm."""

import json

import numpy as np
import pytest

from engine.training.arrays import Array
from engine.training.dataset import Dataset
from engine.training.plan import TrainingPlan
from engine.training.standardisation import Standardisation
from engine.training.train import train


def random_rows(rows: int, columns: int) -> Array:
    rng = np.random.default_rng(0)
    return rng.normal(rng.normal(scale=100, size=columns), np.geomspace(1e-3, 1e4, columns), (rows, columns))


def test_columns_get_zero_mean_and_unit_variance_over_n() -> None:
    rows = random_rows(50, 4)
    standardisation = Standardisation.fit(rows)
    np.testing.assert_allclose(standardisation.mean, [column.sum() / 50 for column in rows.T])
    np.testing.assert_allclose(standardisation.scale, [np.sqrt(np.square(c - c.mean()).sum() / 50) for c in rows.T])
    applied = standardisation.apply(rows)
    np.testing.assert_allclose(applied.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(applied.var(axis=0), 1)


def test_undo_takes_apply_back() -> None:
    rows = random_rows(50, 4)
    standardisation = Standardisation.fit(rows)
    np.testing.assert_allclose(standardisation.undo(standardisation.apply(rows)), rows, rtol=1e-10)


def test_the_identity_changes_nothing() -> None:
    rows = random_rows(5, 3)
    np.testing.assert_array_equal(Standardisation.identity().apply(rows), rows)
    np.testing.assert_array_equal(Standardisation.identity().undo(rows), rows)


@pytest.mark.parametrize("standardisation", [Standardisation.fit(random_rows(9, 4)), Standardisation.identity()])
def test_json_keeps_every_bit(standardisation: Standardisation) -> None:
    restored = Standardisation.from_json(json.loads(json.dumps(standardisation.to_json())))
    np.testing.assert_array_equal(restored.mean, standardisation.mean)
    np.testing.assert_array_equal(restored.scale, standardisation.scale)
    assert restored.mean.shape == standardisation.mean.shape


@pytest.mark.parametrize("constant", [0.0, 0.1, -7.0, 1e9 + 0.1, 1e-300])
@pytest.mark.parametrize("rows", [1, 3, 10, 1001])
def test_a_constant_column_becomes_exactly_zero_also_where_it_varies_later(rows: int, constant: float) -> None:
    column = np.full((rows, 1), constant)
    standardisation = Standardisation.fit(column)
    assert standardisation.to_json() == {"mean": [constant], "scale": [0.0]}
    for later in (column, column + 1e9, np.array([[1], [2]])):
        assert standardisation.apply(later).dtype == np.float64
        assert not standardisation.apply(later).any()
    np.testing.assert_array_equal(standardisation.undo(np.zeros((rows, 1))), column)


def test_a_column_whose_variance_underflows_divides_by_nothing() -> None:
    column = np.array([[0.0], [1e-200], [2e-200]])
    assert np.isfinite(Standardisation.fit(column).apply(column)).all()


def test_a_large_offset_costs_no_precision() -> None:
    """float32 has steps of 128 at a date in seconds: raw, these six rows would be one."""
    seconds = np.array([[1_700_000_000.0 + second] for second in range(6)])
    applied = Standardisation.fit(seconds).apply(seconds).astype(np.float32)
    assert len(np.unique(seconds.astype(np.float32))) == 1
    np.testing.assert_allclose(np.diff(applied[:, 0]), 1 / np.std(range(6)), rtol=1e-6)


def made_of(train_rows: Array, dev_rows: Array) -> Dataset:
    """A regression of the sum of the features."""
    return Dataset.from_rows(
        "regression", (train_rows, train_rows.sum(axis=1)), (dev_rows, dev_rows.sum(axis=1) + 1000)
    )


def test_a_dataset_learns_from_its_training_rows_alone() -> None:
    rows = random_rows(30, 3)
    dataset, moved = made_of(rows[:20], rows[20:]), made_of(rows[:20], rows[20:] * 50 + 7)
    for one, other in [
        (dataset.input_standardisation, moved.input_standardisation),
        (dataset.target_standardisation, moved.target_standardisation),
    ]:
        np.testing.assert_array_equal(one.mean, other.mean)
        np.testing.assert_array_equal(one.scale, other.scale)
    np.testing.assert_allclose(dataset.train.inputs.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(dataset.train.inputs.std(axis=0), 1, rtol=1e-6)
    assert abs(dataset.train.targets.mean()) < 1e-6 < 0.01 < abs(dataset.dev.targets.mean())


def test_a_constant_feature_does_no_harm_even_where_it_varies_on_dev_rows() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 3))
    targets = (rows[:, 0] > 0).astype(int)
    constant = np.insert(rows, 1, 0.1, axis=1)
    varying_later = constant.copy()
    varying_later[50:, 1] = 1e6
    plan = TrainingPlan(hidden_units=(16,), learning_rate=0.02, epochs=20)
    steady, varied = (
        train(plan, Dataset.from_rows("classification", (inputs[:40], targets[:40]), (inputs[40:], targets[40:])))
        for inputs in (constant, varying_later)
    )
    assert steady.value is not None
    assert steady.value < 0.3
    assert varied.metrics == steady.metrics
