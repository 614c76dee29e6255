from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.tables.files import StoredDataset
from app.tables.ingest import ingest as ingest_file
from app.tables.options import TableOptions
from engine.training.arrays import Array
from engine.training.dataset import open_dataset
from tests.app.tables.tables import complaint, write

SPLITS = ("train", "dev", "test")


def houses(rows: int = 200) -> str:
    """Numbers, texts, truth values, missing cells and an empty column; price and kind are what could be predicted."""
    rng = np.random.default_rng(0)
    lines = ["area,rooms,city,garden,notes,price,kind"]
    for row in range(rows):
        area = f"{rng.uniform(20, 200):.1f}" if row % 7 else ""
        city = ["Oslo", "São Paulo", '"Paris, TX"', ""][rng.integers(4)]
        kind = ["flat", "house", "loft"][rng.integers(3)]
        lines.append(f"{area},{rng.integers(1, 9)},{city},{row % 2 == 0},,{rng.uniform(1e5, 9e5):.2f},{kind}")
    return "\n".join(lines) + "\n"


def ingest(folder: Path, content: str, options: TableOptions) -> StoredDataset:
    return ingest_file(write(folder, content), options, folder / "datasets")


def arrays(stored: StoredDataset, split: str) -> tuple[Array, Array]:
    return np.load(stored.path / f"x_{split}.npy")[:, :-1], np.load(stored.path / f"y_{split}.npy")


def test_a_mixed_table_becomes_a_classification(tmp_path: Path) -> None:
    stored = ingest(tmp_path, houses(), TableOptions("kind"))
    description = stored.description
    assert (description["task"], description["classes"]) == ("classification", 3)
    assert description["class_names"] == ["flat", "house", "loft"]
    assert description["target"] == "kind"
    assert description["split"] == {"fractions": [0.6, 0.2, 0.2], "seed": 0}
    assert [description["splits"][split]["rows"] for split in SPLITS] == [120, 40, 40]
    assert [(column["name"], column["kind"]) for column in description["columns"]] == [
        ("area", "number"),
        ("rooms", "number"),
        ("city", "text"),
        ("garden", "text"),
        ("notes", "empty"),
        ("price", "number"),
    ]
    features = [feature for column in description["columns"] for feature in column["features"]]
    assert features == [
        "area",
        "area is missing",
        "rooms",
        "city = Oslo",
        "city = Paris, TX",
        "city = São Paulo",
        "city is missing",
        "garden = False",
        "garden = True",
        "price",
    ]
    dataset = open_dataset(stored.path)
    assert dataset.features == len(features)
    assert dataset.outputs == 3
    for split in SPLITS:
        inputs, targets = arrays(stored, split)
        assert inputs.dtype == np.float32
        assert targets.dtype == np.int32
        balance = description["splits"][split]["class_rows"]
        assert np.bincount(targets).tolist() == [balance[name] for name in ("flat", "house", "loft")]
    train, _ = arrays(stored, "train")
    assert np.allclose(train.mean(axis=0), 0, atol=1e-6)
    assert np.allclose(train.std(axis=0), 1, atol=1e-6)


def test_a_mixed_table_becomes_a_regression(tmp_path: Path) -> None:
    stored = ingest(tmp_path, houses(), TableOptions("price"))
    assert (stored.description["task"], stored.description["class_names"]) == ("regression", [])
    assert stored.description["splits"] == {"train": {"rows": 120}, "dev": {"rows": 40}, "test": {"rows": 40}}
    dataset = open_dataset(stored.path)
    assert dataset.outputs == 1
    targets = np.concatenate([arrays(stored, split)[1] for split in SPLITS])
    assert targets.dtype == np.float32
    prices = [float(line.split(",")[-2]) for line in houses().splitlines()[1:]]
    assert np.allclose(sorted(dataset.target_standardisation.undo(targets)), sorted(prices), rtol=1e-6)
    assert abs(arrays(stored, "train")[1].mean()) < 1e-6


def test_rows_keep_their_target_in_every_split(tmp_path: Path) -> None:
    lines = [f"{number},{number * 10 + 0.5}" for number in range(50)]
    stored = ingest(tmp_path, "a,price\n" + "\n".join(lines) + "\n", TableOptions("price"))
    dataset = open_dataset(stored.path)
    for split in SPLITS:
        inputs, targets = arrays(stored, split)
        raw = dataset.input_standardisation.undo(inputs)[:, 0]
        assert np.allclose(dataset.target_standardisation.undo(targets), raw * 10 + 0.5, atol=1e-3)


def test_the_same_file_gives_the_same_hash_and_another_seed_another(tmp_path: Path) -> None:
    first = ingest(tmp_path, houses(), TableOptions("kind"))
    assert ingest(tmp_path, houses(), TableOptions("kind")) == first
    assert ingest(tmp_path, houses(), TableOptions("kind", split_seed=1)).content_hash != first.content_hash


def test_a_split_column_splits_and_is_no_feature(tmp_path: Path) -> None:
    folds = ["train", "train", "dev", "test"] * 5
    lines = [f"{number},{fold},{number % 3}.5" for number, fold in enumerate(folds)]
    content = "a,fold,b\n" + "\n".join(lines) + "\n"
    stored = ingest(tmp_path, content, TableOptions("b", split_column="fold"))
    assert [column["name"] for column in stored.description["columns"]] == ["a"]
    assert stored.description["split"] == {"column": "fold"}
    raw = {
        split: open_dataset(stored.path).input_standardisation.undo(arrays(stored, split)[0])[:, 0] for split in SPLITS
    }
    for split in SPLITS:
        expected = [number for number, fold in enumerate(folds) if fold == split]
        assert np.allclose(raw[split], expected, atol=1e-5)


def folded(change: Callable[[str, str], str]) -> str:
    """A table split by its own column, each cell changed by `change(cell, split)`."""
    lines = ["size,city,fold,kind"]
    for row in range(60):
        fold = SPLITS[row % 3]
        size = "" if row % 9 == 0 else str(row * row)
        city = ["Oslo", "Rome", ""][(row // 3) % 3]
        lines.append(f"{change(size, fold)},{change(city, fold)},{fold},{'ab'[row % 2]}")
    return "\n".join(lines) + "\n"


def test_nothing_is_learnt_from_dev_or_test_rows(tmp_path: Path) -> None:
    options = TableOptions("kind", split_column="fold")
    plain = ingest(tmp_path, folded(lambda cell, _fold: cell), options)
    changed = ingest(
        tmp_path,
        folded(lambda cell, fold: cell if fold == "train" else ("Nowhere" if cell.isalpha() else "1e6")),
        options,
    )
    learnt = ("columns", "input_standardisation", "target_standardisation", "class_names")
    assert {key: plain.description[key] for key in learnt} == {key: changed.description[key] for key in learnt}
    for part in "xy":
        name = f"{part}_train.npy"
        assert (plain.path / name).read_bytes() == (changed.path / name).read_bytes()
    for name in ("x_dev.npy", "x_test.npy"):
        assert (plain.path / name).read_bytes() != (changed.path / name).read_bytes()


def test_a_change_in_a_training_row_is_learnt(tmp_path: Path) -> None:
    options = TableOptions("kind", split_column="fold")
    plain = ingest(tmp_path, folded(lambda cell, _fold: cell), options)
    changed = ingest(tmp_path, folded(lambda cell, _fold: cell.replace("Oslo", "Bergen")), options)
    assert plain.description["columns"] != changed.description["columns"]


def test_a_column_that_is_constant_in_the_training_rows_does_no_harm(tmp_path: Path) -> None:
    lines = [f"0.1,{row},{'ab'[row % 2]}" for row in range(30)]
    stored = ingest(tmp_path, "same,a,kind\n" + "\n".join(lines) + "\n", TableOptions("kind"))
    assert not arrays(stored, "train")[0][:, 0].any()


def rows_of(*cells: str, times: int = 6) -> str:
    return "a,b,kind\n" + "".join(f"{cell}\n" for cell in cells) * times


@pytest.mark.parametrize(
    ("content", "options", "pointer", "message"),
    [
        ("", TableOptions("kind"), "/file", "the file is empty: its first line must name the columns"),
        (
            "a,b,kind\n1,2,x\n1,2\n",
            TableOptions("kind"),
            "/file",
            "line 3 has 2 fields, but the header has 3 (separated by ',')",
        ),
        (
            rows_of("1,2,x", "2,3,y", times=4),
            TableOptions("kind"),
            "/file",
            "the file has 8 rows, but at least 10 are needed",
        ),
        (
            rows_of("1,2,x", "2,3,y"),
            TableOptions("Kind"),
            "/target",
            "unknown column 'Kind': the nearest known one is 'kind'",
        ),
        (
            rows_of("1,2,x", "2,3,y"),
            TableOptions("kind", split_column="folds"),
            "/split_column",
            "unknown column 'folds': the known ones are 'a', 'b', 'kind'",
        ),
        (
            rows_of("1,2,x", "2,3,"),
            TableOptions("kind"),
            "/target",
            "target 'kind' is missing in 6 of 12 rows, the first in line 3: every row needs one",
        ),
        (
            rows_of("1,2,x", "2,3,x"),
            TableOptions("kind"),
            "/target",
            "target 'kind' is 'x' in every row: there is nothing to learn",
        ),
        (
            rows_of("1,2,x", "2,3,y") + "1,2,rare\n",
            TableOptions("kind"),
            "/target",
            "class 'rare' of target 'kind' has only 1 of the 3 rows it needs, one for each split (train, dev, test): "
            "give it more rows, or leave the class out",
        ),
        (
            rows_of("1,2,x", "2,3,y"),
            TableOptions("kind", task="regression"),
            "/task",
            "regression needs a target of numbers, but 'kind' holds 'x' in line 2",
        ),
        (
            "a,b,kind\n" + "".join(f"name {row},{row},{row % 2}\n" for row in range(10_000)),
            TableOptions("kind"),
            "/file",
            "column 'a' holds 10000 distinct texts, but at most 100 can become features: drop the column; or, if it "
            "should hold numbers, mend 'name 0' in line 2",
        ),
        (
            rows_of("1,2,x", "2,3,y") + "1,1e999,x\n",
            TableOptions("kind"),
            "/file",
            "column 'b' holds inf in line 14: at most ±1e+30 is allowed",
        ),
        (
            rows_of(",,x", ",,y"),
            TableOptions("kind"),
            "/file",
            "no column but the target holds anything in the training rows: there is no feature to learn from",
        ),
        (
            "a,kind\n" + "7,x\n7,y\n" * 6,
            TableOptions("kind"),
            "/file",
            "'a' is 7 in every training row: there is nothing to learn from",
        ),
        (
            "a,fold,b,kind\n" + "0.5,train,u,x\n0.5,train,u,y\n" * 6 + "1,dev,u,x\n2,test,w,y\n",
            TableOptions("kind", split_column="fold"),
            "/file",
            "'a' is 0.5 in every training row, and no other feature varies: there is nothing to learn from",
        ),
        (
            "a,fold,kind\n" + "1,train,x\n2,train,y\n" * 6 + "1,dev,x\n3e12,test,y\n",
            TableOptions("kind", split_column="fold"),
            "/file",
            "'a' in line 15 lies 6e+12 standard deviations from the mean of the training rows: "
            "at most 1e+09 are allowed",
        ),
        (
            "a,fold,price\n" + "1,train,0.5\n2,train,1.5\n" * 6 + "1,dev,2e29\n2,test,1\n",
            TableOptions("price", split_column="fold"),
            "/file",
            "'price' in line 14 lies 4e+29 standard deviations from the mean of the training rows: "
            "at most 1e+09 are allowed",
        ),
        (
            "a,fold,price\n" + "1,train,1e-25\n2,train,2e-25\n" * 6 + "1,dev,1e29\n2,test,1\n",
            TableOptions("price", split_column="fold"),
            "/file",
            "'price' in line 14 lies inf standard deviations from the mean of the training rows: "
            "at most 1e+09 are allowed",
        ),
        (
            "a,fold,kind\n" + "1,train,x\n2,train,y\n" * 6 + "1,dev,z\n2,test,y\n",
            TableOptions("kind", split_column="fold"),
            "/target",
            "class 'z' of target 'kind' has no training row",
        ),
    ],
)
def test_a_table_that_cannot_be_learnt_from_is_refused_and_leaves_nothing(
    tmp_path: Path, content: str, options: TableOptions, pointer: str, message: str
) -> None:
    error = complaint(lambda: ingest(tmp_path, content, options))
    assert (error.pointer, error.message) == (pointer, message)
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


@pytest.mark.parametrize("cell", ["0,5", "-12,25", "1.234,5", "12,345", "1,234,567.8"])
@pytest.mark.parametrize("target", ["size", "price"])
def test_numbers_with_commas_are_refused_rather_than_taken_for_texts(tmp_path: Path, cell: str, target: str) -> None:
    rows = [f"{row};{row / 3}" for row in range(30)]
    rows[4] = f"7;{cell}"
    content = "price;size\n" + "\n".join(rows) + "\n"
    error = complaint(lambda: ingest(tmp_path, content, TableOptions(target)))
    assert (error.pointer, error.message) == (
        "/file",
        f"column 'size' holds {cell!r} in line 6: write numbers with a decimal point, "
        "and without separators of thousands",
    )


@pytest.mark.parametrize("cells", [("1,2", "3,4 m"), ("01.02.2024", "1.2.3"), ("1,", ",5"), ("1,2,3", "4")])
def test_texts_with_digits_and_commas_are_still_texts(tmp_path: Path, cells: tuple[str, str]) -> None:
    content = "price;size\n" + "".join(f"{row};{cells[row % 2]}\n" for row in range(30))
    description = ingest(tmp_path, content, TableOptions("price")).description
    assert description["columns"][0]["categories"] == sorted(cells)
