"""Small CSV files for the tests of this folder."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from app.errors import FieldError, InvalidInput
from app.tables.reading import read_table


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def table(folder: Path, content: str) -> pd.DataFrame:
    return read_table(write(folder, content))


def column(folder: Path, *cells: str) -> pd.Series:
    """A column named "a" as it is read from a file; its first cell stands in line 2."""
    return table(folder, "a,other\n" + "".join(f"{cell},x\n" for cell in cells))["a"]


def complaint(act: Callable[[], object]) -> FieldError:
    """What `act` is refused for."""
    with pytest.raises(InvalidInput) as caught:
        act()
    (error,) = caught.value.errors
    return error
