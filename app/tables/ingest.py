"""The whole way of an uploaded table, from the CSV or NPZ file to the dataset's folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from app.errors import FieldError, InvalidInput
from app.tables.arrays import read_arrays
from app.tables.cells import place, refuse_commas_in_numbers, shown
from app.tables.encoding import Encoder, refuse_long_texts, refuse_unfit_width
from app.tables.files import StoredDataset, store
from app.tables.images import check_image_shape, full_image_shape
from app.tables.layout import refused
from app.tables.limits import MAX_DEVIATIONS, MIN_ROWS
from app.tables.npz import is_npz
from app.tables.options import TableOptions
from app.tables.prepared import PreparedDataset, standardise
from app.tables.reading import read_table
from app.tables.splitting import SPLIT_NAMES, assign_rows, read_split_column
from app.tables.target import Target, read_target, require_rows_in_each_split, require_trainable
from engine.errors import unknown_name
from engine.training.arrays import Array
from engine.training.dataset import Rows


def ingest(source: Path, options: TableOptions, root: Path) -> StoredDataset:
    """Read, split, encode and store a table; everything is learnt from its training rows alone.

    Whether it is an NPZ file or a CSV file is told from its first bytes. Raises InvalidInput for whatever is wrong with
    the table or does not fit it, and InsufficientStorage if the disk is full; nothing is left behind then.
    """
    if not is_npz(source):
        return store(root, _prepare(read_table(source), options))
    table, options = read_arrays(source, options)
    with _within_the_file():
        prepared = _prepare(table, options)
    return store(root, prepared)


@contextmanager
def _within_the_file() -> Iterator[None]:
    """An NPZ file brings its target and its split along, so what is wrong with them is wrong with the file."""
    try:
        yield
    except InvalidInput as complaint:
        moved = {"/target": "/file", "/split_column": "/file"}
        raise InvalidInput(
            [FieldError(moved.get(error.pointer, error.pointer), error.message) for error in complaint.errors]
        ) from None


def _prepare(table: pd.DataFrame, options: TableOptions) -> PreparedDataset:
    if options.target is None:
        raise InvalidInput.at("/target", "`target` is required: the column to predict")
    _require_enough_rows(table)
    refuse_commas_in_numbers(table)
    target = read_target(_column(table, options.target, "/target"), options.task)
    splits = _split(table, target, options)
    is_training = splits == SPLIT_NAMES.index("train")
    require_trainable(target, is_training)
    features = table.drop(columns=[name for name in (options.target, options.split_column) if name is not None])
    refuse_long_texts(features)
    encoder = Encoder.fit(features[is_training])
    refuse_unfit_width(encoder, len(table))
    if options.image_shape:
        check_image_shape(options.image_shape, encoder)
    prepared = _encode(features, target, splits, encoder, options)
    _require_a_varying_feature(prepared)
    _refuse_outliers(prepared, table, splits)
    return prepared


def _require_enough_rows(table: pd.DataFrame) -> None:
    if len(table) < MIN_ROWS:
        raise refused(f"the file has {len(table)} rows, but at least {MIN_ROWS} are needed")


def _column(table: pd.DataFrame, name: str, pointer: str) -> pd.Series:
    if name not in table.columns:
        raise InvalidInput.at(pointer, unknown_name("column", name, table.columns))
    return table[name]


def _split(table: pd.DataFrame, target: Target, options: TableOptions) -> Array:
    """Return the split of each row: (rows,) uint8."""
    if options.split_column is not None:
        return read_split_column(_column(table, options.split_column, "/split_column"))
    if target.task == "regression":
        return assign_rows(np.zeros(len(table), np.int64), options.split, options.split_seed)
    require_rows_in_each_split(target)
    return assign_rows(target.values, options.split, options.split_seed)


def _encode(
    features: pd.DataFrame, target: Target, splits: Array, encoder: Encoder, options: TableOptions
) -> PreparedDataset:
    def rows(code: int) -> Rows:
        return encoder.encode(features[splits == code]), target.values[splits == code]

    shape = full_image_shape(options.image_shape) if options.image_shape else None
    # One after another: as float64 they are twice as large as what is kept of them.
    dataset, test_split = standardise(target.task, map(rows, range(len(SPLIT_NAMES))), len(target.class_names), shape)
    return PreparedDataset(dataset, test_split, target.name, target.class_names, encoder, options.describe_split())


def _require_a_varying_feature(prepared: PreparedDataset) -> None:
    scales, names = prepared.dataset.input_standardisation, prepared.encoder.features
    if not scales.scale.any():
        others = ", and no other feature varies" if len(names) > 1 else ""
        raise refused(
            f"{names[0]!r} is {shown(scales.mean[0])} in every training row{others}: there is nothing to learn from"
        )


def _refuse_outliers(prepared: PreparedDataset, table: pd.DataFrame, splits: Array) -> None:
    """Raise InvalidInput for what lies so far from the training rows that no trial could have a finite loss."""
    for code, split in enumerate(prepared.splits.values()):
        index = table.index[splits == code]
        _refuse_outlier(split.inputs, prepared.encoder.features, index)
        if prepared.dataset.task == "regression":
            _refuse_outlier(split.targets[:, np.newaxis], [prepared.target], index)


def _refuse_outlier(standardised: Array, names: list[str], index: pd.Index) -> None:
    if max(standardised.max(), -standardised.min()) <= MAX_DEVIATIONS:
        return
    row, column = map(int, np.unravel_index(np.abs(standardised).argmax(), standardised.shape))
    raise refused(
        f"{names[column]!r} in {place(index, row)} lies {abs(standardised[row, column]):.0e} standard deviations from "
        f"the mean of the training rows: at most {MAX_DEVIATIONS:.0e} are allowed"
    )
