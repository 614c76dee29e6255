"""What one cell of a table says: nothing, a number or a text."""

import re

import numpy as np
import pandas as pd

from app.tables.layout import refused
from app.tables.limits import MAX_MAGNITUDE
from engine.training.arrays import Array

# "None" is not among them: it is a sensible category ("heating: None").
MISSING_MARKERS = frozenset({"", "NA", "na", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "?"})

_LONGEST_SHOWN = 60
# "0,5", "1.234,5", "1,234" and "1,234.5".
_NUMBER_WITH_COMMA = re.compile(r"[+-]?((\d{1,3}(\.\d{3})+|\d+),\d+|\d{1,3}(,\d{3})+(\.\d+)?)", re.ASCII)
_NUMBER = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity)", re.ASCII | re.IGNORECASE)


def parse_number(text: str) -> float | None:
    """Return the number that `text` is, or None: no thousands separators, no decimal comma, no underscores.

    "001" is 1. "inf" and "1e999" are infinite, so that a column of numbers with one of them is refused for what
    it is instead of being taken for text.
    """
    return float(text) if _NUMBER.fullmatch(text) else None


def shown(cell: str | float) -> str:
    """The cell as an error message shows it."""
    if isinstance(cell, str):
        return repr(cell if len(cell) <= _LONGEST_SHOWN else f"{cell[:_LONGEST_SHOWN]}…")
    return "nothing" if np.isnan(cell) else f"{cell:g}"


def refuse_commas_in_numbers(table: pd.DataFrame) -> None:
    """Raise InvalidInput for a column of numbers of which some hold a comma: as texts, nothing of their size is learnt.

    Whether it is a decimal comma or separates thousands, as in "1,234", only the user can know.
    """
    for name in table.columns:
        text = first_text(table[name])
        if text is not None and all(map(_is_number_or_has_comma, table[name].cat.categories)):
            raise refused(
                f"column {name!r} holds {text[0]} in {text[1]}: write numbers with a decimal point, "
                "and without separators of thousands"
            )


def _is_number_or_has_comma(text: str) -> bool:
    return parse_number(text) is not None or _NUMBER_WITH_COMMA.fullmatch(text) is not None


def first_place(column: pd.Series, where: Array) -> str:
    """Where the first row stands for which `where` holds: "line 3" of a CSV file, "row 3" of arrays."""
    return place(column.index, int(np.argmax(where)))


def place(index: pd.Index, row: int) -> str:
    return f"{index.name or 'row'} {index[row]}"


def first_text(column: pd.Series) -> tuple[str, str] | None:
    """Return the first cell that is neither missing nor a number, as shown, and where it stands."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return None
    is_text = np.array([parse_number(text) is None for text in column.cat.categories] + [False])
    wrong = is_text[column.cat.codes.to_numpy()]  # a missing cell has code -1, the last
    if not wrong.any():
        return None
    return shown(column.iloc[int(np.argmax(wrong))]), first_place(column, wrong)


def numbers(column: pd.Series) -> Array:
    """Return the cells as float64 (rows,), NaN where missing.

    Raises InvalidInput, naming column and place, for a text and for a number that is infinite or beyond
    ±MAX_MAGNITUDE.
    """
    text = first_text(column)
    if text is not None:
        raise refused(
            f"column {column.name!r} holds numbers in the training rows, but {text[0]} in {text[1]}: "
            "write a number, or leave the cell empty if it is missing"
        )
    values = _floats(column)
    too_large = np.abs(values) > MAX_MAGNITUDE
    if too_large.any():
        value = shown(values[int(np.argmax(too_large))])
        where = first_place(column, too_large)
        raise refused(f"column {column.name!r} holds {value} in {where}: at most ±{MAX_MAGNITUDE:g} is allowed")
    return values


def _floats(column: pd.Series) -> Array:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column.to_numpy(np.float64)
    parsed = [parse_number(text) for text in column.cat.categories]
    # A category that is no number is not used by these rows: categories are those of the whole table.
    by_code = np.array([np.nan if number is None else number for number in parsed] + [np.nan])
    return by_code[column.cat.codes.to_numpy()]
