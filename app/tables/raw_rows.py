"""Raw rows as JSON has them become a table as a CSV file does: the same cells mean the same."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from app.errors import FieldError, InvalidInput, json_pointer
from app.tables.cells import MISSING_MARKERS, parse_number, shown
from app.tables.encoding import Column, Encoder, NumberColumn, TextColumn
from app.tables.limits import MAX_MAGNITUDE
from engine.errors import unknown_name

MAX_COMPLAINTS = 20  # told at once
MAX_NAMED = 20  # categories

Row = Mapping[str, Any]
Cell = float | str | None  # None is a missing one


def table_of(rows: Sequence[Row], encoder: Encoder) -> pd.DataFrame:
    """The table that `encoder` can encode. A cell is a number, a text as in a CSV file, or null.

    Raises InvalidInput, with a pointer like /rows/3/city, for a column that is missing or unknown, a text where a
    number is needed, and a category, a missing one too, that no training row had: the network has learnt nothing of it.
    """
    known = {column.name: bool(column.features) for column in encoder.columns}
    complaints: list[FieldError] = []
    cells: dict[str, list[Cell]] = {column.name: [] for column in encoder.columns}
    for number, row in enumerate(rows):
        complaints += _complaints_of_names(number, row, known)
        for column in encoder.columns:
            try:
                cells[column.name].append(_cell(column, row.get(column.name)))
            except ValueError as complaint:
                complaints.append(_complaint(number, column.name, f"column {column.name!r} {complaint}"))
        if len(complaints) >= MAX_COMPLAINTS:
            break
    if complaints:
        raise InvalidInput(complaints[:MAX_COMPLAINTS])
    return pd.DataFrame({column.name: _series(column, cells[column.name]) for column in encoder.columns})


def _complaints_of_names(number: int, row: Row, known: Mapping[str, bool]) -> Iterator[FieldError]:
    """`known` are the columns, and whether they are needed."""
    for name in row:
        if name not in known:
            yield _complaint(number, name, unknown_name("column", name, known))
    for name, is_needed in known.items():
        if is_needed and name not in row:
            yield _complaint(number, name, f"column {name!r} is required; null says that its value is missing")


def _complaint(number: int, name: str, message: str) -> FieldError:
    return FieldError(json_pointer(("rows", number, name)), f"row {number}: {message}")


def _cell(column: Column, value: Any) -> Cell:
    """Raises ValueError with the rule that `value` breaks."""
    if isinstance(column, NumberColumn):
        return _number(value)
    return _category(value, column) if isinstance(column, TextColumn) else None


def _number(value: Any) -> float | None:
    text = _text(value)
    if text is None:
        return None
    number = parse_number(text)
    if number is None:
        raise ValueError(f"must be a number, or null where it is missing, but got {shown(text)}")
    if abs(number) > MAX_MAGNITUDE:
        raise ValueError(f"must be at most ±{MAX_MAGNITUDE:g}, but got {shown(text)}")
    return number


def _category(value: Any, column: TextColumn) -> str | None:
    text, categories = _text(value), column.categories
    if text in categories or (text is None and column.has_missing):
        return text
    known = ", ".join(map(shown, categories[:MAX_NAMED])) + (", …" if len(categories) > MAX_NAMED else "")
    found = "is missing" if text is None else f"holds {shown(text)}"
    raise ValueError(f"{found}, which no training row has: it must be one of {known}")


def _text(value: Any) -> str | None:
    """What a CSV file would hold in its place, None if that says that nothing is there."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise ValueError(f"must be a number, a text or null, but got {_as_json(value)}")
    if value is None:
        return None
    if isinstance(value, float) and not np.isfinite(value):
        raise ValueError(f"must be finite, but got {value}")
    text = value.strip() if isinstance(value, str) else repr(value)
    return None if text in MISSING_MARKERS else text


def _as_json(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "an object" if isinstance(value, dict) else "a list"


def _series(column: Column, cells: list[Cell]) -> pd.Series:
    if isinstance(column, TextColumn):
        return pd.Series(pd.Categorical(cells, categories=list(column.categories)))
    return pd.Series(np.array(cells, np.float64))  # None becomes NaN
