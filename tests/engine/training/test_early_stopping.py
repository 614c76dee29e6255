"""Early stopping: which epoch is the best, when it is over, and whose weights come back."""

from dataclasses import replace

import numpy as np
import pytest

from engine.training.dataset import Dataset
from engine.training.early_stopping import EarlyStopping
from engine.training.layers.activations import ACTIVATIONS, ActivationName
from engine.training.plan import TrainingPlan
from engine.training.result import TrainingResult
from engine.training.train import train
from tests.engine.training.plain_network import logits_of
from tests.engine.training.small_data import clouds, wave

# Patience, (cost, loss) epoch by epoch, the best epoch, the epoch after which it is over (None: it never is).
HISTORIES: dict[str, tuple[int | None, list[tuple[float, float]], int, int | None]] = {
    "ends `patience` epochs after the best": (2, [(0.5, 1), (0.3, 1), (0.4, 1), (0.4, 1), (0.2, 1)], 2, 4),
    "patience of one ends at the first that is no better": (1, [(0.5, 1), (0.6, 1), (0.1, 1)], 1, 2),
    "a better epoch in time starts the count anew": (2, [(0.5, 1), (0.6, 1), (0.4, 1), (0.5, 1), (0.5, 1)], 3, 5),
    "a tie goes to the lower loss": (2, [(0.5, 1.0), (0.5, 0.9), (0.5, 0.95)], 2, None),
    "a full tie goes to the earlier epoch": (2, [(0.5, 1), (0.5, 1), (0.5, 1)], 1, 3),
    "a lower loss does not outweigh a worse metric": (3, [(0.4, 1), (0.5, 0.1), (0.6, 0.1)], 1, None),
    "costs may be negative": (2, [(-0.8, 1), (-0.9, 1), (-0.7, 1), (-0.8, 1)], 2, 4),
    "without patience the last is kept, however bad": (None, [(0.1, 1), (0.5, 1), (0.9, 1)], 3, None),
}


@pytest.mark.parametrize(("patience", "history", "best", "over"), HISTORIES.values(), ids=list(HISTORIES))
def test_the_best_epoch_and_the_end(
    patience: int | None, history: list[tuple[float, float]], best: int, over: int | None
) -> None:
    stopping = EarlyStopping(patience)
    weights = np.zeros(2)
    ended = None
    for epoch, (cost, loss) in enumerate(history, start=1):
        weights[:] = epoch  # in place, as training does it
        stopping.record(epoch, cost, loss, weights)
        if stopping.is_over(epoch):
            ended = epoch
            break
    assert stopping.best_epoch == best
    assert ended == over
    np.testing.assert_array_equal(stopping.kept(weights), [best, best])


PLAN = TrainingPlan(seed=1, hidden_units=(20,), learning_rate=0.03, batch_size=16, epochs=60, early_stopping_patience=6)


def measured_again(result: TrainingResult, activation: ActivationName, dataset: Dataset) -> float:
    """The dev metric, by hand."""
    logits = logits_of(result.parameters, activation, dataset.dev.inputs)
    if dataset.task == "regression":
        scale = dataset.target_standardisation.scale
        return float(scale * np.sqrt(np.mean(np.square(logits[:, 0] - dataset.dev.targets))))
    predicted = logits.argmax(axis=1) if dataset.classes > 2 else logits[:, 0] > 0
    return float(np.mean(predicted != dataset.dev.targets))


@pytest.mark.parametrize("dataset", [clouds(2), clouds(10), wave()], ids=["two classes", "ten classes", "regression"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_weights_that_come_back_are_those_of_the_best_epoch(activation: ActivationName, dataset: Dataset) -> None:
    plan = replace(PLAN, activation=activation)
    result = train(plan, dataset)
    assert result.best_epoch is not None
    assert result.epochs == result.best_epoch + 6 < plan.epochs
    assert result.value == result.curve.dev[result.best_epoch - 1] == min(result.curve.dev)
    assert result.value == pytest.approx(measured_again(result, activation, dataset), rel=1e-5)

    until_there = train(replace(plan, epochs=result.best_epoch, early_stopping_patience=None), dataset)
    assert until_there.metrics == result.metrics
    for ours, theirs in zip(result.parameters, until_there.parameters, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_metric_to_be_maximised_is_stopped_at_its_highest() -> None:
    result = train(replace(PLAN, metric="accuracy"), clouds(10))
    assert result.best_epoch is not None
    assert result.epochs < PLAN.epochs
    assert result.value == result.curve.dev[result.best_epoch - 1] == max(result.curve.dev)
    assert min(result.curve.dev) < result.value


def test_without_patience_all_epochs_are_trained_and_the_last_is_kept() -> None:
    dataset = clouds(10)
    result = train(replace(PLAN, early_stopping_patience=None), dataset)
    assert result.epochs == result.best_epoch == len(result.curve.epoch) == PLAN.epochs
    assert result.value == result.curve.dev[-1] > min(result.curve.dev)
    assert result.value == pytest.approx(measured_again(result, PLAN.activation, dataset), rel=1e-5)


def test_a_member_that_diverges_after_its_best_epoch_has_no_value() -> None:
    plan = replace(PLAN, optimizer="sgd", activation="tanh", learning_rate=1.0, l2=61 * 30.0)
    result = train(replace(plan, early_stopping_patience=50), clouds(2))
    assert len(result.curve.epoch) == result.epochs - 1 > 0
    assert (result.value, result.metrics, result.best_epoch) == (None, {}, None)
    assert result.failure == f"the loss became NaN or infinite in epoch {result.epochs}"
