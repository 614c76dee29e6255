"""The cost of each mini-batch, which falls with noise where the batches are small."""

from dataclasses import replace

import numpy as np
import pytest

from engine.training.plan import TrainingPlan
from engine.training.result import MAX_BATCH_LOSSES, LearningCurve
from engine.training.train import train, train_pack
from tests.engine.training.small_data import clouds

DATASET = clouds(4, train_rows=120)
PLAN = TrainingPlan(
    hidden_units=(16,), optimizer="sgd", learning_rate=0.05, batch_size=8, epochs=20, record_batch_losses=True
)


def losses_of(plan: TrainingPlan) -> np.ndarray:
    return np.array(train(plan, DATASET).curve.batch_losses)


def rises(losses: np.ndarray) -> float:
    """The share of the steps on which the loss goes up."""
    return float((np.diff(losses) > 0).mean())


def test_the_cost_of_small_batches_falls_with_noise_and_that_of_full_batches_without() -> None:
    small, full = losses_of(PLAN), losses_of(replace(PLAN, batch_size=120))
    assert (len(small), len(full)) == (20 * 15, 20)
    assert rises(small) > 0.3
    assert small[-15:].mean() < 0.5 * small[:15].mean()
    assert rises(full) == 0


def test_the_batches_of_an_epoch_have_the_epochs_mean_loss_among_them() -> None:
    result = train(replace(PLAN, batch_size=30), DATASET)  # four equal batches
    assert np.reshape(result.curve.batch_losses, (20, 4)).mean(axis=1) == pytest.approx(result.signals.train_losses)


def test_nothing_is_recorded_unasked_and_recording_changes_no_result() -> None:
    recorded, plain = train_pack([PLAN, replace(PLAN, record_batch_losses=False)], DATASET)
    assert plain.curve.batch_losses == []
    assert (recorded.metrics, recorded.curve.dev) == (plain.metrics, plain.curve.dev)


def test_the_record_of_a_training_that_diverges_ends_before_the_first_loss_without_bounds() -> None:
    result = train(replace(PLAN, learning_rate=1e20), DATASET)
    assert result.failure
    assert 1 <= len(result.curve.batch_losses) < 15
    assert np.isfinite(result.curve.batch_losses).all()


def test_the_record_is_bounded() -> None:
    curve = LearningCurve()
    curve.append_batches([0.5] * (MAX_BATCH_LOSSES - 1))
    curve.append_batches([1.0, 2.0])
    curve.append_batches([3.0])
    assert len(curve.batch_losses) == MAX_BATCH_LOSSES
    assert curve.batch_losses[-2:] == [0.5, 1.0]


def test_a_long_training_records_its_first_batches() -> None:
    long = replace(PLAN, hidden_units=(2,), batch_size=1, epochs=84, learning_rate=0.001)
    losses = losses_of(long)
    assert len(losses) == MAX_BATCH_LOSSES < 84 * 120
    assert np.array_equal(losses[:120], losses_of(replace(long, epochs=1)))
