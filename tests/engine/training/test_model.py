"""The model as a file: the same answers as in training, and with NumPy alone."""

import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.training.arrays import Array
from engine.training.dataset import Dataset
from engine.training.layers.activations import ACTIVATIONS, ActivationName
from engine.training.model import Model
from engine.training.plan import TrainingPlan
from engine.training.train import train
from tests.engine.training.small_data import TASKS

PLAN = TrainingPlan(hidden_units=(9, 7), epochs=5, learning_rate=0.02, batch_size=16)


def raw_dev_rows(dataset: Dataset) -> Array:
    """In the units they came in, of which the dataset keeps standardised ones alone."""
    return dataset.input_standardisation.undo(dataset.dev.inputs.astype(np.float64))


def saved(model: Model, folder: Path) -> Path:
    path = folder / "model.npz"
    model.save(path)
    return path


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("normalize_inputs", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("task", TASKS)
def test_a_model_from_its_file_answers_the_dev_rows_as_the_training_measured_them(
    task: str, activation: ActivationName, normalize_inputs: bool, batch_norm: bool, tmp_path: Path
) -> None:
    dataset = TASKS[task]
    plan = replace(PLAN, activation=activation, normalize_inputs=normalize_inputs, batch_norm=batch_norm)
    result = train(plan, dataset)
    model = Model.load(saved(Model.of(result, plan, dataset, ["a", "b"], [{"name": "x"}]), tmp_path))
    answers, targets = model.predict(raw_dev_rows(dataset)), dataset.dev.targets
    if dataset.task == "regression":
        errors = answers - dataset.target_standardisation.undo(targets.astype(np.float64))
        assert np.sqrt(np.mean(errors**2)) == pytest.approx(result.value, rel=1e-4)
    else:
        assert answers.sum(axis=1) == pytest.approx(1)
        assert np.mean(answers.argmax(axis=1) != targets) == pytest.approx(result.value)
    assert (model.class_names, model.columns) == (["a", "b"], [{"name": "x"}])


def test_one_row_alone_is_answered_as_among_others() -> None:
    dataset = TASKS["ten classes"]
    plan = replace(PLAN, batch_norm=True)
    model = Model.of(train(plan, dataset), plan, dataset)
    rows = raw_dev_rows(dataset)
    np.testing.assert_allclose(model.predict(rows[:1]), model.predict(rows)[:1], rtol=1e-12)


def test_a_file_is_used_with_numpy_alone(tmp_path: Path) -> None:
    dataset = TASKS["ten classes"]
    model = Model.of(train(PLAN, dataset), PLAN, dataset)
    rows = raw_dev_rows(dataset)
    file = np.load(saved(model, tmp_path), allow_pickle=False)
    a = (rows - file["input_mean"]) / file["input_scale"]
    a = np.maximum(a @ file["W1"] + file["b1"], 0)
    a = np.maximum(a @ file["W2"] + file["b2"], 0)
    logits = a @ file["W3"] + file["b3"]
    np.testing.assert_array_equal(logits.argmax(axis=1), model.predict(rows).argmax(axis=1))


def test_a_feature_that_is_constant_in_training_changes_no_answer(tmp_path: Path) -> None:
    inputs = np.random.default_rng(0).normal(size=(40, 3))
    inputs[:, 1] = 7
    targets = (inputs[:, 0] > 0).astype(int)
    dataset = Dataset.from_rows("classification", (inputs[:30], targets[:30]), (inputs[30:], targets[30:]))
    model = Model.load(saved(Model.of(train(PLAN, dataset), PLAN, dataset), tmp_path))
    other = inputs.copy()
    other[:, 1] = -1e6
    np.testing.assert_array_equal(model.predict(inputs), model.predict(other))


def test_rows_of_another_width_are_refused() -> None:
    dataset = TASKS["two classes"]
    model = Model.of(train(PLAN, dataset), PLAN, dataset)
    with pytest.raises(ValueError, match=r"rows must be \(m, 5\), but got \(2, 4\)"):
        model.predict(np.zeros((2, 4)))


def test_a_training_that_diverged_has_no_model() -> None:
    dataset = TASKS["two classes"]
    plan = replace(PLAN, learning_rate=1e29, optimizer="sgd")
    with pytest.raises(ValueError, match="came to no network: the loss became NaN"):
        Model.of(train(plan, dataset), plan, dataset)


def test_a_model_is_the_same_bytes_whenever_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = TASKS["regression"]
    first = saved(Model.of(train(PLAN, dataset), PLAN, dataset), tmp_path).read_bytes()
    later = time.time() + 1e8
    monkeypatch.setattr(time, "time", lambda: later)
    assert saved(Model.of(train(PLAN, dataset), PLAN, dataset), tmp_path).read_bytes() == first
    with zipfile.ZipFile(tmp_path / "model.npz") as archive:
        assert {member.date_time[0] for member in archive.infolist()} == {1980}


def test_another_file_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(ValueError, match="no model of Parfocal"):
        Model.load(tmp_path / "other.npz")
