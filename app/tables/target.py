"""The column to be predicted: its task, its classes or its numbers."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.errors import InvalidInput
from app.tables.cells import first_place, first_text, numbers
from app.tables.limits import MAX_CLASSES, MAX_INFERRED_CLASSES
from app.tables.splitting import SPLIT_NAMES
from engine.training.arrays import Array
from engine.training.dataset import Task


@dataclass(frozen=True)
class Target:
    name: str
    task: Task
    values: Array  # (rows,) class indices as int64, or numbers as float64
    class_names: tuple[str, ...]  # none for regression


def read_target(column: pd.Series, task: Task | None) -> Target:
    """Read the target from its column; `task` is inferred if it is None.

    A text is a class. Numbers are classes if they are whole and have at most MAX_INFERRED_CLASSES distinct values.
    Classes are sorted, numbers by value and texts by their characters. Raises InvalidInput for a missing or
    constant target, for more than MAX_CLASSES classes, and for regression on a text.
    """
    _refuse_missing(column)
    name = str(column.name)
    text = first_text(column)
    if text is None:
        return _from_numbers(name, numbers(column), task)
    if task == "regression":
        message = f"regression needs a target of numbers, but {name!r} holds {text[0]} in {text[1]}"
        raise InvalidInput.at("/task", message)
    return _from_texts(name, column)


def require_rows_in_each_split(target: Target) -> None:
    """Raise InvalidInput unless each class of a classification has a row for each split."""
    needed = len(SPLIT_NAMES)
    for class_name, rows in zip(target.class_names, np.bincount(target.values), strict=True):
        if rows < needed:
            raise _invalid(
                f"class {class_name!r} of target {target.name!r} has only {rows} of the {needed} rows it needs, "
                f"one for each split ({', '.join(SPLIT_NAMES)}): give it more rows, or leave the class out"
            )


def require_trainable(target: Target, is_training: Array) -> None:
    """Raise InvalidInput unless the training rows show what there is to learn: every class, or two numbers.

    Only a split made by the user, or a target that hardly ever varies, can fail here.
    """
    training = target.values[is_training]
    if target.task == "regression":
        _refuse_constant(target.name, training, "training row")
        return
    unseen = np.setdiff1d(np.arange(len(target.class_names)), training)
    if len(unseen):
        raise _invalid(f"class {target.class_names[unseen[0]]!r} of target {target.name!r} has no training row")


def _from_numbers(name: str, values: Array, task: Task | None) -> Target:
    _refuse_constant(name, values)
    if task == "regression" or (task is None and not _look_like_classes(values)):
        return Target(name, "regression", values, ())
    labels, indices = np.unique(values, return_inverse=True)
    return _classification(name, indices, tuple(map(_number_text, labels.tolist())))


def _from_texts(name: str, column: pd.Series) -> Target:
    labels = sorted(column.cat.categories)
    if len(labels) == 1:
        raise _constant(name, labels[0])
    indices = column.cat.set_categories(labels).cat.codes.to_numpy(np.int64)
    return _classification(name, indices, tuple(labels))


def _classification(name: str, indices: Array, class_names: tuple[str, ...]) -> Target:
    if len(class_names) > MAX_CLASSES:
        raise _invalid(f"target {name!r} has {len(class_names)} classes, but at most {MAX_CLASSES} are allowed")
    return Target(name, "classification", indices, class_names)


def _number_text(number: float) -> str:
    return str(int(number)) if number.is_integer() else repr(number)


def _look_like_classes(values: Array) -> bool:
    distinct = np.unique(values)
    return len(distinct) <= MAX_INFERRED_CLASSES and bool((distinct == np.floor(distinct)).all())


def _refuse_missing(column: pd.Series) -> None:
    missing = column.isna().to_numpy()
    if missing.any():
        raise _invalid(
            f"target {column.name!r} is missing in {missing.sum()} of {len(column)} rows, the first in "
            f"{first_place(column, missing)}: every row needs one"
        )


def _refuse_constant(name: str, values: Array, rows: str = "row") -> None:
    if (values == values[0]).all():
        raise _constant(name, _number_text(float(values[0])), rows)


def _constant(name: str, value: str, rows: str = "row") -> InvalidInput:
    return _invalid(f"target {name!r} is {value!r} in every {rows}: there is nothing to learn")


def _invalid(message: str) -> InvalidInput:
    return InvalidInput.at("/target", message)
