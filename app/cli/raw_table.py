"""A table on the user's own disk whose rows are to be predicted: a CSV file, or the arrays of an NPZ file."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.errors import CommandError

if TYPE_CHECKING:  # NumPy takes longer to load than `--help` may take
    from engine.training.arrays import Array


@dataclass(frozen=True)
class RawTable:
    source: str  # how an error names where the columns are named: "houses.csv, line 1"
    columns: Sequence[str]
    rows: Iterable[Sequence[str]]  # as a CSV file holds them; can be gone through once
    places: Sequence[str]  # how an error names each row: "houses.csv, line 2"
    kept_columns: Sequence[str]  # what is written beside the predictions: all of a CSV file, of arrays `y` alone
    kept_rows: Sequence[Sequence[object]]


def read_raw_table(file: Path) -> RawTable:
    """Raises CommandError for a file that is no table."""
    from app.errors import InvalidInput
    from app.tables.npz import is_npz, refuse_false_name

    try:
        refuse_false_name(file, file.name)
        return _of_arrays(file) if is_npz(file) else _of_csv(file)
    except InvalidInput as error:
        raise CommandError(f"{file.name}: {error.detail}") from None


def _of_csv(file: Path) -> RawTable:
    from app.tables.layout import read_layout, read_records

    layout = read_layout(file, fewest_columns=1)
    records = list(read_records(file, layout))
    rows = [cells for _, cells in records]
    places = [f"{file.name}, line {line}" for line, _ in records]
    return RawTable(f"{file.name}, line 1", layout.columns, rows, places, layout.columns, rows)


def _of_arrays(file: Path) -> RawTable:
    from app.tables.arrays import INPUTS, TARGET, read_unpredicted

    inputs, targets = read_unpredicted(file)
    names = [f"{INPUTS}{feature}" for feature in range(inputs.shape[1])]
    places = [f"{file.name}, row {row}" for row in range(len(inputs))]
    kept: list[list[object]] = [[]] * len(inputs) if targets is None else [[target] for target in targets.tolist()]
    source = f"{file.name}, array {INPUTS!r}"
    return RawTable(source, names, _cells(inputs), places, [] if targets is None else [TARGET], kept)


def _cells(inputs: "Array") -> Iterator[Sequence[str]]:
    """Row by row, because as Python objects the numbers take up to sixty times the room. NaN is a missing value."""
    for row in inputs:
        yield list(map(repr, row.astype(float).tolist()))
