"""How a CSV file is laid out: its separator, its column names and the line on which each row begins.

pandas fills rows that are too short without a word, and counts records where a text editor counts lines. So
the lines are checked here first, by the standard library's reader, which keeps nothing in memory but one
number per row.
"""

import csv
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from app.errors import InvalidInput
from app.tables.limits import MAX_CELLS, MAX_COLUMNS, MAX_ROWS
from engine.training.arrays import Array

COMMA = ","
OTHER_SEPARATORS = (";", "\t")
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
NUMPY_MARK = b"\x93NUMPY"


@dataclass(frozen=True)
class Layout:
    separator: str
    columns: tuple[str, ...]
    lines: Array  # (rows,) int64, counted from 1


def read_layout(path: Path, fewest_columns: int = 2) -> Layout:
    """Check every line of the file at `path`; raises InvalidInput, naming the line, for the first that is wrong."""
    _refuse_other_files(path)
    separator = _separator(path)
    with open_text(path) as stream:
        records = _records(stream, separator)
        line, header = next(records, (1, []))
        columns = _column_names(line, header, fewest_columns)
        lines = array("q")
        for line, fields in records:
            if len(fields) != len(columns):
                raise _ragged(line, len(fields), len(columns), separator)
            lines.append(line)
            _refuse_too_many(len(lines), len(columns))
    if not lines:
        raise refused(f"the file has a header (line {line}) with {len(columns)} columns, but no rows")
    return Layout(separator, columns, np.array(lines))


def read_records(path: Path, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the line on which it begins; its cells are as they stand in the file."""
    with open_text(path) as stream:
        records = _records(stream, layout.separator)
        next(records)  # the header
        yield from records


def refused(message: str) -> InvalidInput:
    return InvalidInput.at("/file", message)


def open_text(path: Path) -> TextIO:
    """Open the file with every line end read as a line feed.

    pandas moves the cells of the row below an empty line that ends in a carriage return.
    """
    # A byte that is not UTF-8 becomes a surrogate, which `_checked_lines` finds: so the error can name its line.
    return path.open(encoding="utf-8-sig", errors="surrogateescape")


def _refuse_other_files(path: Path) -> None:
    with path.open("rb") as stream:
        beginning = stream.read(len(NUMPY_MARK))
    if beginning.startswith(UTF16_MARKS):
        raise refused("the file is encoded as UTF-16, by its first two bytes: save it as UTF-8")
    if beginning == NUMPY_MARK:
        raise refused("the file is one NumPy array alone: save `x` and `y` together, with numpy.savez")


def _separator(path: Path) -> str:
    """The comma, unless the header has none outside quotes: then whichever of the others it has more of."""
    if _header_width(path, COMMA) > 1:
        return COMMA
    best = max(OTHER_SEPARATORS, key=lambda separator: _header_width(path, separator))
    return best if _header_width(path, best) > 1 else COMMA


def _header_width(path: Path, separator: str) -> int:
    with open_text(path) as stream:
        _, header = next(_records(stream, separator, strict=False), (1, []))
        return len(header)


def _records(stream: TextIO, separator: str, strict: bool = True) -> Iterator[tuple[int, list[str]]]:
    """Yield each record that is not an empty line, with the line on which it begins."""
    reader = csv.reader(_checked_lines(stream), delimiter=separator, strict=strict, skipinitialspace=True)
    line = 1
    try:
        for fields in reader:
            if fields:
                yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        raise refused(f"line {line} is not CSV: {error} (is there a quote that is not closed?)") from None


def _checked_lines(stream: TextIO) -> Iterator[str]:
    for number, line in enumerate(stream, start=1):
        if "\0" in line:
            raise refused(f"line {number} holds a NUL byte: the file is not a text file")
        if not line.isascii():
            _refuse_other_encodings(line, number)
        yield line


def _refuse_other_encodings(line: str, number: int) -> None:
    try:
        line.encode()
    except UnicodeEncodeError as error:
        byte = ord(line[error.start]) - 0xDC00  # see surrogateescape, PEP 383
        raise refused(
            f"line {number} is not UTF-8: its character {error.start + 1} is the byte 0x{byte:02x}; "
            "save the file as UTF-8"
        ) from None


def _column_names(line: int, header: Sequence[str], fewest: int) -> tuple[str, ...]:
    names = tuple(name.strip() for name in header)
    if not names:
        raise refused("the file is empty: its first line must name the columns")
    if len(names) < fewest:
        raise refused(
            f"the file has only one column, {names[0]!r}: a target and at least one feature are needed, "
            "separated by commas, semicolons or tabs"
        )
    if len(names) > MAX_COLUMNS:
        raise refused(f"the file has {len(names)} columns, but at most {MAX_COLUMNS} are allowed")
    _require_distinct(line, names)
    return names


def _require_distinct(line: int, names: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if not name:
            raise refused(f"column {position} has no name in the header (line {line})")
        if first.setdefault(name, position) != position:
            raise refused(
                f"the column name {name!r} stands twice in the header (line {line}): "
                f"columns {first[name]} and {position}"
            )


def _ragged(line: int, found: int, expected: int, separator: str) -> InvalidInput:
    fields = "1 field" if found == 1 else f"{found} fields"
    return refused(f"line {line} has {fields}, but the header has {expected} (separated by {separator!r})")


def _refuse_too_many(rows: int, columns: int) -> None:
    if rows > MAX_ROWS:
        raise refused(f"the file has more than {MAX_ROWS} rows, which is the limit")
    if rows * columns > MAX_CELLS:
        raise refused(f"the file has more than {MAX_CELLS} cells, which is the limit: it has {columns} columns")
