"""Which rows a network learns from (train), is ranked on (dev) and is judged on at the end (test)."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from app.errors import InvalidInput
from app.tables.cells import first_place, shown
from engine.seeding import Purpose, generator
from engine.training.arrays import Array

SPLIT_NAMES = ("train", "dev", "test")  # the code of a split is its place here

DEFAULT_FRACTIONS = (0.6, 0.2, 0.2)


def check_fractions(fractions: Sequence[float]) -> None:
    """Raise InvalidInput unless these are three shares of a whole."""
    given = "[" + ", ".join(f"{fraction:g}" for fraction in fractions) + "]"
    if len(fractions) != len(SPLIT_NAMES):
        raise _invalid_fractions(f"the fractions of train, dev and test are three numbers, but got {given}")
    if not all(math.isfinite(fraction) and fraction > 0 for fraction in fractions):
        raise _invalid_fractions(f"each fraction must be > 0, but got {given}")
    if abs(math.fsum(fractions) - 1) > 1e-6:
        raise _invalid_fractions(f"the fractions must sum to 1, but {given} sums to {math.fsum(fractions):g}")


def assign_rows(labels: Array, fractions: Sequence[float], seed: int) -> Array:
    """Return the split of each row as (rows,) uint8, drawn at random and stratified by class.

    `labels` (rows,) are class indices; all zeros where there are no classes. Every class needs at least three
    rows and gets at least one in each split.
    """
    classes, counts = np.unique(labels, return_counts=True)
    sizes = split_sizes(counts, fractions)
    shuffled = generator(seed, Purpose.SPLIT).permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    splits = np.empty(len(labels), np.uint8)
    splits[by_class] = np.repeat(np.tile(np.arange(len(SPLIT_NAMES)), len(classes)), sizes.ravel())
    return splits


def split_sizes(class_counts: Array, fractions: Sequence[float]) -> Array:
    """Share the rows of each class out among the splits: (classes, splits), each at least 1.

    Each class's share is rounded down or up, and so is the total of each split, unless a class is so small that
    its one row in each split is more than its share.
    """
    ideal = np.round(np.outer(class_counts, fractions), 9)  # 0.7 × 10 is 7.000000000000001
    sizes = np.maximum(np.floor(ideal), 1).astype(np.int64)
    totals = np.round(class_counts.sum() * np.asarray(fractions), 9)
    for size, share, rows in zip(sizes, ideal, class_counts, strict=True):
        while size.sum() > rows:
            size[np.argmax(size)] -= 1
        while size.sum() < rows:
            wanting = np.where(size < share, totals - sizes.sum(axis=0), -np.inf)
            size[np.argmax(wanting)] += 1
    return sizes


def read_split_column(column: pd.Series) -> Array:
    """Return the split of each row as (rows,) uint8 from a column that holds train, dev or test in every cell."""
    cells = column.astype(object)
    codes = pd.Index(SPLIT_NAMES, dtype=object).get_indexer(pd.Index(cells))  # -1 for anything else
    unknown = codes < 0
    if unknown.any():
        cell = shown(cells.iloc[int(np.argmax(unknown))])
        raise _invalid_split_column(column, f"holds {cell} in {first_place(column, unknown)}")
    for code, name in enumerate(SPLIT_NAMES):
        if not (codes == code).any():
            raise _invalid_split_column(column, f"gives no row to {name}")
    return codes.astype(np.uint8)


def _invalid_fractions(message: str) -> InvalidInput:
    return InvalidInput.at("/split", message)


def _invalid_split_column(column: pd.Series, complaint: str) -> InvalidInput:
    rule = f"every row must be one of {', '.join(SPLIT_NAMES)}, and each of them at least once"
    return InvalidInput.at("/split_column", f"split column {column.name!r} {complaint}: {rule}")
