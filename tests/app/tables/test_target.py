from pathlib import Path

import numpy as np
import pytest

from app.tables.limits import MAX_CLASSES, MAX_INFERRED_CLASSES
from app.tables.target import read_target, require_rows_in_each_split, require_trainable
from engine.training.dataset import Task
from tests.app.tables.tables import column, complaint


def test_texts_are_classes_in_the_order_of_their_characters(tmp_path: Path) -> None:
    target = read_target(column(tmp_path, "b", "a", "C", "b"), None)
    assert (target.name, target.task, target.class_names) == ("a", "classification", ("C", "a", "b"))
    assert target.values.tolist() == [2, 1, 0, 2]


def test_numeric_classes_are_in_the_order_of_their_values(tmp_path: Path) -> None:
    target = read_target(column(tmp_path, "10", "9", "-1", "9.0"), None)
    assert target.class_names == ("-1", "9", "10")
    assert target.values.tolist() == [2, 1, 0, 1]


def test_classes_that_are_not_whole_keep_their_digits(tmp_path: Path) -> None:
    assert read_target(column(tmp_path, "0.5", "1", "0.25"), "classification").class_names == ("0.25", "0.5", "1")


def test_a_regression_keeps_the_numbers(tmp_path: Path) -> None:
    target = read_target(column(tmp_path, "3", "1.5", "2"), "regression")
    assert (target.task, target.class_names, target.values.tolist()) == ("regression", (), [3.0, 1.5, 2.0])


@pytest.mark.parametrize(
    ("cells", "task"),
    [
        (["yes", "no"], "classification"),
        (["1", "two"], "classification"),
        (["0", "1"], "classification"),
        ([str(number) for number in range(MAX_INFERRED_CLASSES)], "classification"),
        ([str(number) for number in range(MAX_INFERRED_CLASSES + 1)], "regression"),
        (["1", "2.5"], "regression"),
    ],
)
def test_a_task_that_is_not_given_is_inferred(tmp_path: Path, cells: list[str], task: Task) -> None:
    assert read_target(column(tmp_path, *cells), None).task == task


@pytest.mark.parametrize(
    ("cells", "task", "pointer", "message"),
    [
        (
            ["1", "", "2", "?"],
            None,
            "/target",
            "target 'a' is missing in 2 of 4 rows, the first in line 3: every row needs one",
        ),
        (["", ""], None, "/target", "target 'a' is missing in 2 of 2 rows, the first in line 2: every row needs one"),
        (["7", "7.0"], None, "/target", "target 'a' is '7' in every row: there is nothing to learn"),
        (["x", "x"], None, "/target", "target 'a' is 'x' in every row: there is nothing to learn"),
        (
            ["1", "2", "cheap"],
            "regression",
            "/task",
            "regression needs a target of numbers, but 'a' holds 'cheap' in line 4",
        ),
        (["1", "1e999"], "regression", "/file", "column 'a' holds inf in line 3: at most ±1e+30 is allowed"),
        (
            [f"id{number}" for number in range(MAX_CLASSES + 1)],
            None,
            "/target",
            f"target 'a' has {MAX_CLASSES + 1} classes, but at most {MAX_CLASSES} are allowed",
        ),
        (
            [f"{number}.5" for number in range(MAX_CLASSES + 1)],
            "classification",
            "/target",
            f"target 'a' has {MAX_CLASSES + 1} classes, but at most {MAX_CLASSES} are allowed",
        ),
    ],
)
def test_a_target_that_cannot_be_learnt_is_refused(
    tmp_path: Path, cells: list[str], task: Task | None, pointer: str, message: str
) -> None:
    error = complaint(lambda: read_target(column(tmp_path, *cells), task))
    assert (error.pointer, error.message) == (pointer, message)


def test_a_class_with_fewer_rows_than_splits_is_refused(tmp_path: Path) -> None:
    target = read_target(column(tmp_path, *["a"] * 3, *["b"] * 2), None)
    error = complaint(lambda: require_rows_in_each_split(target))
    assert (error.pointer, error.message) == (
        "/target",
        "class 'b' of target 'a' has only 2 of the 3 rows it needs, one for each split (train, dev, test): "
        "give it more rows, or leave the class out",
    )


def test_a_class_without_a_training_row_is_refused(tmp_path: Path) -> None:
    target = read_target(column(tmp_path, "x", "y", "z", "y"), None)
    error = complaint(lambda: require_trainable(target, np.array([True, False, True, False])))
    assert (error.pointer, error.message) == ("/target", "class 'y' of target 'a' has no training row")


def test_a_target_that_is_constant_in_the_training_rows_is_refused(tmp_path: Path) -> None:
    target = read_target(column(tmp_path, "2.5", "2.5", "3"), "regression")
    error = complaint(lambda: require_trainable(target, np.array([True, True, False])))
    assert error.message == "target 'a' is '2.5' in every training row: there is nothing to learn"
