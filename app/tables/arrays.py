"""From an NPZ file to a table in memory: `x` (rows, features), or images (rows, height, width) or (rows, height, width,
channels), `y` (rows,), and if wished `split` (rows,), which says train, dev or test.

The table is like one from a CSV file (see reading.py): the features are its columns x0, x1, …, and its index is the
place of each row in the arrays. NaN is a missing value, but no pixel may be missing.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from app.errors import InvalidInput
from app.tables.layout import refused
from app.tables.limits import MAX_COLUMNS, MAX_ROWS
from app.tables.npz import read_npz
from app.tables.options import TableOptions
from app.tables.reading import texts
from engine.training.arrays import Array
from engine.training.dataset import image_shape_of

INPUTS, TARGET, SPLIT = "x", "y", "split"
NUMBERS = "iufb"
TEXTS = "Ub"  # truth values are read as texts, as in a CSV file

KINDS = {INPUTS: NUMBERS, TARGET: NUMBERS + TEXTS, SPLIT: TEXTS}
"""The kinds of NumPy's types that each array may have."""


def read_arrays(path: Path, options: TableOptions) -> tuple[pd.DataFrame, TableOptions]:
    """Return the rows, and the options as the file completes them: it names its target, its split and its images.

    Raises InvalidInput, naming the array, for whatever is not such a file, and for options that have no effect on it.
    """
    _refuse_column_names(options)
    arrays = read_npz(path, (INPUTS, TARGET, SPLIT))
    _check(arrays)
    inputs = arrays[INPUTS]
    shape = options.image_shape or image_shape_of(inputs)
    if shape and inputs.dtype.kind == "f" and np.isnan(inputs).any():
        raise refused(f"array {INPUTS!r} holds NaN, but no pixel of an image may be missing")
    table = _table(inputs.reshape(len(inputs), -1))
    for name in arrays.keys() - {INPUTS}:
        table[name] = _column(arrays[name]).set_axis(table.index)
    return table, replace(options, target=TARGET, split_column=SPLIT if SPLIT in arrays else None, image_shape=shape)


def read_unpredicted(path: Path) -> tuple[Array, Array | None]:
    """Return `x` (rows, features) of a file whose rows are to be predicted, and `y` if it has it."""
    arrays = read_npz(path, (INPUTS, TARGET, SPLIT))
    _check(arrays, needed=(INPUTS,))
    inputs = arrays[INPUTS]
    return inputs.reshape(len(inputs), -1), arrays.get(TARGET)


def _refuse_column_names(options: TableOptions) -> None:
    if options.target is not None:
        message = f"`target` has no effect on an NPZ file, whose array {TARGET!r} is the target: leave it out"
        raise InvalidInput.at("/target", message)
    if options.split_column is not None:
        message = f"`split_column` has no effect on an NPZ file: give it an array {SPLIT!r} of train, dev and test"
        raise InvalidInput.at("/split_column", message)


def _check(arrays: dict[str, Array], needed: Sequence[str] = (INPUTS, TARGET)) -> None:
    for name in needed:
        if name not in arrays:
            raise refused(f"array {name!r} is missing: an NPZ file needs {' and '.join(map(repr, needed))}")
    for name, array in arrays.items():
        if array.dtype.kind not in KINDS[name]:
            what = "numbers" if name == INPUTS else "texts" if name == SPLIT else "numbers or texts"
            raise refused(f"array {name!r} must hold {what}, but holds {array.dtype}")
        _check_shape(name, array, len(arrays[INPUTS]) if arrays[INPUTS].ndim else 0)


def _check_shape(name: str, array: Array, rows: int) -> None:
    if name != INPUTS:
        if array.shape != (rows,):
            raise refused(f"array {name!r} must be ({rows},), one for each row of {INPUTS!r}, but is {array.shape}")
        return
    if array.ndim not in (2, 3, 4) or not array.size:
        raise refused(
            f"array {name!r} must be (rows, features), (rows, height, width) or (rows, height, width, channels), "
            f"none of them 0, but is {array.shape}"
        )
    if len(array) > MAX_ROWS:
        raise refused(f"array {name!r} has {len(array)} rows, but at most {MAX_ROWS} are allowed")
    if array[0].size > MAX_COLUMNS:
        raise refused(f"array {name!r} has {array[0].size} features, but at most {MAX_COLUMNS} are allowed")


def _table(inputs: Array) -> pd.DataFrame:
    """The features as they are, without a copy where pandas can work with their type."""
    if inputs.dtype.kind == "f":
        kind = np.dtype(np.float32 if inputs.dtype.itemsize <= np.float32().itemsize else np.float64)
    else:
        kind = inputs.dtype.newbyteorder("=")
    columns = [f"{INPUTS}{feature}" for feature in range(inputs.shape[1])]
    rows = pd.RangeIndex(len(inputs), name="row")
    return pd.DataFrame(inputs.astype(kind, copy=False), index=rows, columns=columns, copy=False)


def _column(array: Array) -> pd.Series:
    if array.dtype.kind in TEXTS:
        distinct, codes = np.unique(array, return_inverse=True)
        return texts(codes, distinct.astype(str))
    return pd.Series(array.astype(np.float64))
