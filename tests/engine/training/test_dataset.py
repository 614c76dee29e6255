"""Datasets in memory and on disk."""

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.training.dataset import DESCRIPTION_FILE, Dataset, Split, describe, open_dataset
from engine.training.plan import TrainingPlan
from engine.training.train import train
from tests.engine.training.small_data import TASKS, clouds, wave

PLAN = TrainingPlan(hidden_units=(9,), learning_rate=0.02, batch_size=16, epochs=3)


def write(dataset: Dataset, directory: Path) -> Path:
    """A folder as the service writes it, the guarded test split beside the others."""
    directory.mkdir()
    (directory / DESCRIPTION_FILE).write_text(json.dumps({**describe(dataset), "name": "more than training reads"}))
    for name, split in {"train": dataset.train, "dev": dataset.dev, "test": dataset.dev}.items():
        np.save(directory / f"x_{name}.npy", split.inputs_and_one)
        np.save(directory / f"y_{name}.npy", split.targets)
    return directory


@pytest.mark.parametrize("task", TASKS)
def test_a_folder_holds_the_same_dataset(task: str, tmp_path: Path) -> None:
    dataset = TASKS[task]
    opened = open_dataset(write(dataset, tmp_path / "dataset"))
    assert describe(opened) == describe(dataset)
    assert (opened.features, opened.outputs) == (dataset.features, dataset.outputs)
    for ours, theirs in [(opened.train, dataset.train), (opened.dev, dataset.dev)]:
        np.testing.assert_array_equal(ours.inputs, theirs.inputs)
        np.testing.assert_array_equal(ours.targets, theirs.targets)
        assert (ours.inputs.dtype, ours.targets.dtype) == (theirs.inputs.dtype, theirs.targets.dtype)
        assert ours.rows == theirs.rows


@pytest.mark.parametrize("normalize_inputs", [True, False])
@pytest.mark.parametrize("task", TASKS)
def test_a_network_learns_the_same_bits_from_a_folder(task: str, normalize_inputs: bool, tmp_path: Path) -> None:
    plan, dataset = replace(PLAN, normalize_inputs=normalize_inputs), TASKS[task]
    from_memory, from_folder = train(plan, dataset), train(plan, open_dataset(write(dataset, tmp_path / "dataset")))
    assert from_folder.metrics == from_memory.metrics
    for ours, theirs in zip(from_folder.parameters, from_memory.parameters, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_folder_is_mapped_and_cannot_be_written_through(tmp_path: Path) -> None:
    opened = open_dataset(write(clouds(3), tmp_path / "dataset"))
    for array in (opened.train.inputs, opened.train.targets, opened.dev.inputs, opened.dev.targets):
        assert isinstance(array, np.memmap)
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_nothing_of_training_opens_the_test_split(tmp_path: Path) -> None:
    """Python reports each file it opens to an audit hook, which cannot be taken off: so in a process of its own."""
    directory = write(clouds(3), tmp_path / "dataset")
    script = """
        import sys
        from pathlib import Path

        from engine.training import TrainingPlan, open_dataset, train_pack

        opened = []
        sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event == "open" else None)
        plans = [TrainingPlan(epochs=2, normalize_inputs=normalise) for normalise in (True, False)]
        train_pack(plans, open_dataset(Path(sys.argv[1])))
        print("\\n".join(sorted({Path(path).name for path in opened if path.startswith(sys.argv[1])})))
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(directory)]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["dataset.json", "x_dev.npy", "x_train.npy", "y_dev.npy", "y_train.npy"]


def test_the_test_split_need_not_be_there(tmp_path: Path) -> None:
    directory = write(clouds(3), tmp_path / "dataset")
    for part in "xy":
        (directory / f"{part}_test.npy").unlink()
    assert train(PLAN, open_dataset(directory)).failure is None


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def without_its_task(path: Path) -> None:
    path.write_text(json.dumps({key: value for key, value in json.loads(path.read_text()).items() if key != "task"}))


@pytest.mark.parametrize(
    ("file", "harm"),
    [
        ("dataset.json", Path.unlink),
        ("dataset.json", cut_in_half),
        ("dataset.json", without_its_task),
        ("x_train.npy", Path.unlink),
        ("x_train.npy", cut_in_half),
        ("x_train.npy", emptied),
        ("y_dev.npy", emptied),
    ],
)
def test_a_folder_that_is_not_whole_is_refused(file: str, harm: Callable[[Path], None], tmp_path: Path) -> None:
    directory = write(clouds(3), tmp_path / "dataset")
    harm(directory / file)
    with pytest.raises((OSError, ValueError)):
        open_dataset(directory)


def test_raw_inputs_are_what_came_in() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal([3.0, -500.0, 0.0], [1e-3, 20.0, 0.0], size=(30, 3))
    targets = rng.integers(3, size=30)
    dataset = Dataset.from_rows("classification", (inputs[:20], targets[:20]), (inputs[20:], targets[20:]), 3)
    assert not np.allclose(dataset.train.inputs, inputs[:20])
    raw = dataset.with_raw_inputs()
    np.testing.assert_allclose(raw.train.inputs, inputs[:20], rtol=1e-6)
    np.testing.assert_allclose(raw.dev.inputs, inputs[20:], rtol=1e-6)
    assert raw.train.inputs.dtype == np.float32
    np.testing.assert_array_equal(raw.input_standardisation.apply(inputs), inputs)
    np.testing.assert_array_equal(raw.train.targets, dataset.train.targets)


@pytest.mark.parametrize("task", TASKS)
def test_without_normalisation_a_network_learns_from_raw_inputs(task: str) -> None:
    dataset = TASKS[task]
    unnormalised = train(replace(PLAN, normalize_inputs=False), dataset)
    from_raw = train(PLAN, dataset.with_raw_inputs())
    normalised = train(PLAN, dataset)
    assert unnormalised.metrics == from_raw.metrics != normalised.metrics
    for ours, theirs in zip(unnormalised.parameters, from_raw.parameters, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("dataset", "classes", "outputs"),
    [(clouds(2), 2, 1), (clouds(3), 3, 3), (clouds(10), 10, 10), (wave(), 0, 1)],
    ids=["two classes", "three classes", "ten classes", "regression"],
)
def test_the_output_layer_has_one_unit_per_class_from_three_on(dataset: Dataset, classes: int, outputs: int) -> None:
    assert (dataset.classes, dataset.outputs) == (classes, outputs)


def test_a_class_that_only_dev_rows_have_is_counted() -> None:
    inputs = np.arange(8.0)[:, None]
    dataset = Dataset.from_rows("classification", (inputs, np.arange(8) % 2), (inputs, np.arange(8) % 4))
    assert dataset.classes == 4


def test_rows_are_kept_as_32_bit_numbers() -> None:
    types = {name: [(split.inputs.dtype, split.targets.dtype) for split in splits(TASKS[name])] for name in TASKS}
    assert types == {
        "two classes": [(np.float32, np.int32)] * 2,
        "ten classes": [(np.float32, np.int32)] * 2,
        "regression": [(np.float32, np.float32)] * 2,
    }


def splits(dataset: Dataset) -> list[Split]:
    return [dataset.train, dataset.dev]
