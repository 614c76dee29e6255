import runpy
from pathlib import Path

import numpy as np
import pytest

from engine.errors import InvalidField
from engine.training.dataset import Task
from engine.training.samples import SAMPLE_NAMES, load_dataset, read_sample

FOLDER = Path(__file__).parents[3] / "engine" / "training" / "samples"


@pytest.mark.parametrize(
    ("name", "task", "rows", "features", "classes"),
    [
        ("digits", "classification", (1078, 360, 359), 64, 10),
        ("breast-cancer", "classification", (341, 114, 114), 30, 2),
        ("diabetes", "regression", (265, 89, 88), 10, 0),
    ],
)
def test_each_sample_has_known_rows_features_and_classes(
    name: str, task: Task, rows: tuple[int, int, int], features: int, classes: int
) -> None:
    sample = read_sample(name)
    assert sample.task == task
    assert tuple(np.bincount(sample.split).tolist()) == rows
    assert sample.x.shape == (sum(rows), features)
    assert len(sample.columns) == features
    assert len(sample.classes) == classes
    dataset = load_dataset(name)
    assert dataset.image_shape == ((8, 8, 1) if name == "digits" else None)
    assert (dataset.train.rows, dataset.dev.rows, dataset.features, dataset.classes) == (*rows[:2], features, classes)


@pytest.mark.parametrize("name", ["digits", "breast-cancer"])
def test_every_split_has_the_balance_of_the_whole(name: str) -> None:
    sample = read_sample(name)
    for split, fraction in [("train", 0.6), ("dev", 0.2), ("test", 0.2)]:
        _, labels = sample.rows(split)  # type: ignore[arg-type]
        ideal = fraction * np.bincount(sample.y)
        assert np.abs(np.bincount(labels) - ideal).max() < 1


def test_the_values_are_raw_as_measured() -> None:
    digits, cancer, diabetes = (read_sample(name) for name in SAMPLE_NAMES)
    assert set(np.unique(digits.x)) == set(range(17))
    assert digits.classes == tuple("0123456789")
    assert cancer.x[0, :4].tolist() == [17.99, 10.38, 122.8, 1001.0]
    assert cancer.classes[cancer.y[0]] == "malignant"
    assert diabetes.x[0].tolist() == [59, 2, 32.1, 101, 157, 93.2, 38, 4, 4.8598, 87]
    assert (diabetes.y.min(), diabetes.y.max()) == (25, 346)


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_a_sample_file_holds_no_pickle_and_is_small(name: str) -> None:
    path = FOLDER / f"{name}.npz"
    assert path.stat().st_size < 100_000
    with np.load(path, allow_pickle=False) as arrays:
        assert sorted(arrays.files) == ["classes", "columns", "image_shape", "split", "target", "task", "x", "y"]
        assert not any(arrays[part].dtype.hasobject for part in arrays.files)


def test_an_unknown_sample_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InvalidField) as caught:
        load_dataset("breastcancer")
    assert caught.value.path == ("dataset",)
    assert caught.value.message == "unknown sample dataset 'breastcancer': the nearest known one is 'breast-cancer'"


def test_source_and_licence_of_every_sample_are_told() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert {path.stem for path in FOLDER.glob("*.npz")} == set(SAMPLE_NAMES)
    for name in SAMPLE_NAMES:
        section = text.split(f"## {name}\n")[1].split("\n## ")[0]
        assert "Source" in section
        assert "Licence" in section


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_the_script_that_made_the_samples_makes_them_again(name: str) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn comes with the dev extra alone")
    script = runpy.run_path(str(FOLDER.parents[2] / "scripts" / "make_sample_data.py"))
    made = script["SAMPLES"][name]()
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as arrays:
        assert sorted(made) == sorted(arrays.files)
        for part, array in made.items():
            assert array.dtype == arrays[part].dtype
            assert np.array_equal(array, arrays[part])
