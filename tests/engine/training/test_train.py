"""What callers of `train` and `train_pack` are told, and when."""

from dataclasses import replace

import numpy as np
import pytest

from engine.errors import InvalidField
from engine.training.member import Measurement, Member
from engine.training.metrics import METRICS, metric_for
from engine.training.plan import TrainingPlan
from engine.training.result import TrainingResult
from engine.training.train import train, train_pack
from tests.engine.training.small_data import TASKS, clouds, wave

PLAN = TrainingPlan(hidden_units=(9, 5), learning_rate=0.02, batch_size=16, epochs=3)


def test_results_stand_in_the_order_of_the_plans_whatever_their_keys() -> None:
    sizes = [(9,), (40, 3), (7,), (33, 9), (9,)]
    results = train_pack([replace(PLAN, hidden_units=hidden) for hidden in sizes], TASKS["ten classes"])
    for hidden, result in zip(sizes, results, strict=True):
        assert [bias.shape for bias in result.parameters[1::2]] == [(units,) for units in (*hidden, 10)]


def test_no_plans_give_no_results() -> None:
    assert train_pack([], clouds(2)) == []


def test_parameters_are_each_layers_weights_and_biases_without_padding() -> None:
    result = train(PLAN, TASKS["ten classes"])
    assert [array.shape for array in result.parameters] == [(5, 9), (9,), (9, 5), (5,), (5, 10), (10,)]
    assert {array.dtype for array in result.parameters} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("task", "metric", "expected"),
    [
        ("two classes", None, "error_rate"),
        ("ten classes", "f1", "f1"),
        ("regression", None, "rmse"),
        ("regression", "r2", "r2"),
    ],
)
def test_a_result_has_every_metric_of_the_task_and_the_loss_on_both_splits(
    task: str, metric: str | None, expected: str
) -> None:
    result = train(replace(PLAN, metric=metric), TASKS[task])
    names = {name for name, each in METRICS.items() if each.task == TASKS[task].task} | {"loss"}
    assert set(result.metrics) == {f"{rows}_{name}" for rows in ("train", "dev") for name in names}
    assert result.value == result.metrics[f"dev_{expected}"]
    assert np.isfinite(list(result.metrics.values())).all()
    assert result.curve.epoch == [1, 2, 3]
    assert len(result.curve.train) == len(result.curve.dev) == 3


def test_a_metric_that_does_not_fit_the_task_is_refused() -> None:
    with pytest.raises(InvalidField, match="must fit a regression task"):
        train(replace(PLAN, metric="accuracy"), wave())


def test_each_epoch_reports_the_dev_metric_of_those_still_training() -> None:
    told: list[tuple[int, dict[int, float]]] = []
    plans = [replace(PLAN, seed=0), replace(PLAN, seed=1, epochs=1), replace(PLAN, seed=2, epochs=2)]
    results = train_pack(plans, clouds(10), on_epoch=lambda epoch, dev: told.append((epoch, dict(dev))))
    assert [(epoch, sorted(dev)) for epoch, dev in told] == [(1, [0, 1, 2]), (2, [0, 2]), (3, [0])]
    for epoch, dev in told:
        assert all(results[position].curve.dev[epoch - 1] == value for position, value in dev.items())


def test_a_result_is_handed_over_before_its_pack_mates_go_on() -> None:
    told: list[str] = []
    plans = [replace(PLAN, seed=0), replace(PLAN, seed=1, epochs=1), replace(PLAN, seed=2, epochs=2)]
    handed: dict[int, TrainingResult] = {}

    def on_result(position: int, result: TrainingResult) -> None:
        told.append(f"result {position}")
        handed[position] = result

    results = train_pack(plans, clouds(10), lambda epoch, _: told.append(f"epoch {epoch}"), on_result)
    assert told == ["epoch 1", "result 1", "epoch 2", "result 2", "epoch 3", "result 0"]
    assert all(handed[position] is result for position, result in enumerate(results))


def test_a_diverged_member_has_no_metric_to_report() -> None:
    told: list[list[int]] = []
    diverging = replace(PLAN, learning_rate=1e29, l2=1e12)
    train_pack([diverging, replace(PLAN, l2=0.1)], clouds(10), lambda _, dev: told.append(sorted(dev)))
    assert told[-1] == [1]
    assert len(told) == 3


def test_an_infinite_loss_on_training_rows_alone_is_a_divergence_too() -> None:
    dataset = wave()
    targets = dataset.train.targets.copy()
    targets[7] = 1e20  # whose square is beyond float32
    broken = replace(dataset, train=replace(dataset.train, targets=targets))
    result = train(replace(PLAN, optimizer="sgd", learning_rate=1e-30), broken)
    assert result.failure == "the loss became NaN or infinite in epoch 1"
    assert result.curve.epoch == []


def test_the_train_metric_of_an_epoch_is_that_of_its_batches_before_their_steps() -> None:
    """At a rate that moves nothing it is the metric of the initial weights on all rows, which is the final one too."""
    result = train(replace(PLAN, learning_rate=1e-30), clouds(10))
    assert set(result.curve.train) == {result.metrics["train_error_rate"]}


def test_a_last_step_that_leads_out_of_all_numbers_is_a_divergence_too() -> None:
    """The losses of an epoch are those before its steps: only the end shows what the very last one did."""
    dataset = TASKS["two classes"]
    member = Member(0, TrainingPlan(), metric_for(None, dataset.task), dataset)
    member.record(Measurement(0.5, 0.7, 0.5, 0.7), np.ones(3), np.zeros(5))
    result = member.result({"dev_error_rate": 0.5, "dev_loss": 0.7, "train_loss": float("inf")}, [0.0], [])
    assert (result.value, result.metrics, result.best_epoch) == (None, {}, None)
    assert result.failure == "the loss became NaN or infinite after epoch 1"
    assert result.signs == ["exploding"]
