"""Arrays become a table, and from there on a dataset like any other."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.tables.encoding import Encoder
from app.tables.files import StoredDataset
from app.tables.ingest import ingest
from app.tables.options import TableOptions
from engine.training import open_dataset
from engine.training.arrays import Array
from tests.app.tables.tables import complaint

ROWS = 60
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, 4))
IMAGES = RNG.integers(0, 256, (ROWS, 2, 3), dtype=np.uint8)
LABELS = np.arange(ROWS) % 3


def file_of(folder: Path, **arrays: Any) -> Path:
    path = folder / "upload"
    with path.open("wb") as file:
        np.savez(file, **arrays)
    return path


def stored(folder: Path, options: TableOptions | None = None, **arrays: Any) -> StoredDataset:
    return ingest(file_of(folder, **arrays), options or TableOptions(), folder / "datasets")


def rows_of(dataset: StoredDataset, split: str) -> tuple[Array, Array]:
    return np.load(dataset.path / f"x_{split}.npy")[:, :-1], np.load(dataset.path / f"y_{split}.npy")


def test_features_and_labels_become_a_classification(tmp_path: Path) -> None:
    description = stored(tmp_path, x=X, y=LABELS).description
    assert (description["task"], description["target"]) == ("classification", "y")
    assert description["class_names"] == ["0", "1", "2"]
    assert [split["rows"] for split in description["splits"].values()] == [36, 12, 12]
    assert description["split"] == {"fractions": [0.6, 0.2, 0.2], "seed": 0}
    assert description["image_shape"] is None
    assert [column["name"] for column in description["columns"]] == ["x0", "x1", "x2", "x3"]


def test_a_file_of_arrays_and_a_file_of_text_become_the_same_dataset(tmp_path: Path) -> None:
    """With missing values, and to the bit."""
    x = np.where(RNG.random(X.shape) < 0.1, np.nan, X)
    arrays = stored(tmp_path, x=x, y=LABELS)
    lines = [",".join(map(repr, row)) for row in np.column_stack([x, LABELS]).tolist()]
    (tmp_path / "table.csv").write_text("\n".join(["x0,x1,x2,x3,y", *lines]))
    assert ingest(tmp_path / "table.csv", TableOptions("y"), tmp_path / "datasets") == arrays


def test_missing_values_are_filled_with_what_the_training_rows_tell(tmp_path: Path) -> None:
    x, split = X.copy(), np.repeat(["train", "dev", "test"], 20)
    x[[3, 30], [0, 1]] = np.nan
    made = stored(tmp_path, x=x, y=LABELS, split=split)
    first, second = Encoder.from_json(made.description["columns"]).columns[:2]
    assert first.features == ["x0", "x0 is missing"]
    assert second.features == ["x1"], "no training row lacks it"
    assert first.to_json()["fill"] == np.median(x[:20, 0][~np.isnan(x[:20, 0])])
    opened = open_dataset(made.path)
    raw = opened.input_standardisation.undo(opened.dev.inputs)
    assert np.isclose(raw[10, 2], np.median(x[:20, 1]))


@pytest.mark.parametrize(
    ("y", "task", "names"),
    [
        (np.array(["b", "a", "c"] * 20), "classification", ["a", "b", "c"]),
        (LABELS.astype(float), "classification", ["0", "1", "2"]),
        (LABELS == 1, "classification", ["False", "True"]),
        (LABELS.astype(">i2"), "classification", ["0", "1", "2"]),
        (X[:, 0].astype(np.float16), "regression", []),
        (np.arange(ROWS), "regression", []),
    ],
)
def test_the_task_is_told_by_the_targets(y: Array, task: str, names: list[str], tmp_path: Path) -> None:
    description = stored(tmp_path, x=X, y=y).description
    assert (description["task"], description["class_names"]) == (task, names)


def test_a_given_task_goes_before_what_the_targets_tell(tmp_path: Path) -> None:
    assert stored(tmp_path, TableOptions(task="regression"), x=X, y=LABELS).description["task"] == "regression"


@pytest.mark.parametrize("dtype", [">f8", "<f4", "<f2", ">i2", "u1", "i8", "?", "g"])
def test_numbers_of_any_type_are_read(dtype: str, tmp_path: Path) -> None:
    x = (10 * np.maximum(X, 0)).astype(dtype)
    opened = open_dataset(stored(tmp_path, x=x, y=LABELS, split=np.repeat(["train", "dev", "test"], 20)).path)
    raw = opened.input_standardisation.undo(opened.train.inputs)
    np.testing.assert_allclose(raw, x[:20].astype(float), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("shape", "found"), [((2, 3), [2, 3, 1]), ((2, 3, 1), [2, 3, 1]), ((1, 2, 3), [1, 2, 3])])
def test_images_tell_their_shape(shape: tuple[int, ...], found: list[int], tmp_path: Path) -> None:
    made = stored(tmp_path, x=IMAGES.reshape(ROWS, *shape), y=LABELS)
    assert list(made.description["image_shape"]) == found
    assert list(open_dataset(made.path).image_shape or ()) == found
    flat = stored(tmp_path, TableOptions(image_shape=shape), x=IMAGES.reshape(ROWS, 6), y=LABELS)
    assert flat.content_hash == made.content_hash


def test_images_are_kept_row_by_row_from_the_top(tmp_path: Path) -> None:
    made = stored(tmp_path, x=np.asfortranarray(IMAGES), y=LABELS, split=np.repeat(["train", "dev", "test"], 20))
    opened = open_dataset(made.path)
    raw = opened.input_standardisation.undo(opened.train.inputs)
    np.testing.assert_allclose(raw.reshape(20, 2, 3), IMAGES[:20], rtol=1e-4, atol=1e-4)


def test_an_array_can_say_how_to_split(tmp_path: Path) -> None:
    split = RNG.permutation(np.repeat(["train", "dev", "test"], [40, 15, 5]))
    made = stored(tmp_path, x=X, y=LABELS, split=split)
    assert made.description["split"] == {"column": "split"}
    for name, rows in [("train", 40), ("dev", 15), ("test", 5)]:
        inputs, targets = rows_of(made, name)
        assert inputs.shape == (rows, 4)
        np.testing.assert_array_equal(targets, LABELS[split == name])


def test_arrays_are_prepared_in_bounded_memory(tmp_path: Path) -> None:
    """What was uploaded, its training rows once more, as float64 and as float32, and some pieces of 1,024 rows."""
    x = np.random.default_rng(0).integers(0, 256, (6000, 784), dtype=np.uint8)
    path = file_of(tmp_path, x=x, y=np.arange(6000) % 10)
    tracemalloc.start()
    ingest(path, TableOptions(), tmp_path / "datasets")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < x.nbytes + 0.6 * x.size * (1 + 8 + 4) + 4 * 1024 * 784 * 8


def holding(value: float) -> Array:
    x = X.copy()
    x[7, 2] = value
    return x


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no arrays": ({}, "array 'x' is missing: an NPZ file needs 'x' and 'y'"),
    "no targets": ({"x": X}, "array 'y' is missing: an NPZ file needs 'x' and 'y'"),
    "another array": ({"x": X, "y": LABELS, "z": X}, "unknown array 'z': the known ones are 'x', 'y', 'split'"),
    "one dimension": ({"x": X[:, 0], "y": LABELS}, "array 'x' must be (rows, features), (rows, height, width) or"),
    "a single number": ({"x": 1.0, "y": LABELS}, "none of them 0, but is ()"),
    "five dimensions": ({"x": X[:, None, None, None], "y": LABELS}, "none of them 0, but is (60, 1, 1, 1, 4)"),
    "no rows": ({"x": X[:0], "y": LABELS[:0]}, "none of them 0, but is (0, 4)"),
    "no features": ({"x": X[:, :0], "y": LABELS}, "none of them 0, but is (60, 0)"),
    "few rows": ({"x": X[:9], "y": LABELS[:9]}, "the file has 9 rows, but at least 10 are needed"),
    "wide": ({"x": np.zeros((10, 5000), np.int8), "y": LABELS[:10]}, "array 'x' has 5000 features, but at most 4096"),
    "other lengths": ({"x": X, "y": LABELS[1:]}, "array 'y' must be (60,), one for each row of 'x', but is (59,)"),
    "targets in a column": ({"x": X, "y": LABELS[:, None]}, "array 'y' must be (60,), one for each row of 'x', but is"),
    "complex numbers": ({"x": X * 1j, "y": LABELS}, "array 'x' must hold numbers, but holds complex128"),
    "texts": ({"x": X.astype(str), "y": LABELS}, "array 'x' must hold numbers, but holds <U32"),
    "complex targets": ({"x": X, "y": LABELS * 1j}, "array 'y' must hold numbers or texts, but holds complex128"),
    "bytes": ({"x": X, "y": LABELS.astype("S")}, "array 'y' must hold numbers or texts, but holds |S21"),
    "dates": ({"x": X, "y": LABELS.astype("M8[s]")}, "array 'y' must hold numbers or texts, but holds datetime64[s]"),
    "objects": ({"x": X.astype(object), "y": LABELS}, "array 'x' holds pickled Python objects"),
    "infinite": ({"x": holding(np.inf), "y": LABELS}, "column 'x2' holds inf in row 7: at most ±1e+30 is allowed"),
    "huge": ({"x": holding(-1e31), "y": LABELS}, "column 'x2' holds -1e+31 in row 7: at most ±1e+30 is allowed"),
    "infinite target": ({"x": X, "y": holding(np.inf)[:, 2]}, "column 'y' holds inf in row 7"),
    "missing target": (
        {"x": X, "y": holding(np.nan)[:, 2]},
        "target 'y' is missing in 1 of 60 rows, the first in row 7",
    ),
    "missing text": ({"x": X, "y": np.array(["a", "b", ""] * 20)}, "is missing in 20 of 60 rows, the first in row 2"),
    "missing pixel": ({"x": holding(np.nan).reshape(-1, 2, 2), "y": LABELS}, "array 'x' holds NaN, but no pixel"),
    "nothing at all": ({"x": X * np.nan, "y": LABELS}, "there is no feature to learn from"),
    "constant target": ({"x": X, "y": LABELS * 0}, "target 'y' is '0' in every row: there is nothing to learn"),
    "a rare class": ({"x": X, "y": np.repeat([0, 1], [58, 2])}, "class '1' of target 'y' has only 2 of the 3 rows"),
    "split in numbers": ({"x": X, "y": LABELS, "split": LABELS}, "array 'split' must hold texts, but holds int64"),
    "other splits": ({"x": X, "y": LABELS, "split": np.array(["train", "dev", "val"] * 20)}, "holds 'val' in row 2"),
    "no dev rows": ({"x": X, "y": LABELS, "split": np.array(["train", "test"] * 30)}, "gives no row to dev"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_arrays_that_make_no_dataset_are_refused_by_name(name: str, tmp_path: Path) -> None:
    arrays, part = REFUSED[name]
    error = complaint(lambda: stored(tmp_path, **arrays))
    assert error.pointer == "/file"
    assert part in error.message
    assert not list(tmp_path.glob("datasets/*"))


@pytest.mark.parametrize(
    ("options", "pointer", "part"),
    [
        (TableOptions("y"), "/target", "`target` has no effect on an NPZ file, whose array 'y' is the target"),
        (TableOptions(split_column="split"), "/split_column", "give it an array 'split' of train, dev and test"),
        (TableOptions(image_shape=(2, 3)), "/image_shape", "as there are features, 4, but [2, 3] has 6"),
        (TableOptions(task="regression"), "/task", "regression needs a target of numbers, but 'y' holds 'b' in row 0"),
    ],
)
def test_options_that_do_not_fit_arrays_are_refused(
    options: TableOptions, pointer: str, part: str, tmp_path: Path
) -> None:
    error = complaint(lambda: stored(tmp_path, options, x=X, y=np.array(["b", "a"] * 30)))
    assert error.pointer == pointer
    assert part in error.message
