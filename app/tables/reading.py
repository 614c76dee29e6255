"""From a CSV file to a table in memory.

A table is a DataFrame whose index is the line on which each row begins. A column is float64 where every cell
that is not missing is a number, else a categorical of texts: both take a tenth of the memory that one Python
string per cell would. NaN is a missing cell. Cells lose the blanks around them.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from app.tables.cells import MISSING_MARKERS
from app.tables.layout import Layout, open_text, read_layout, refused
from engine.training.arrays import Array


def read_table(path: Path) -> pd.DataFrame:
    """Read the CSV file at `path`: UTF-8, with or without byte order mark, separated by comma, semicolon or tab.

    Raises InvalidInput, naming the line, for whatever is not such a file or goes over the limits.
    """
    layout = read_layout(path)
    table = _parse(path, layout, layout.columns)
    # pandas reads true and false as bools and very long integers as objects: their texts are read again.
    spoilt = [name for name in layout.columns if not _is_number_or_text(table[name])]
    texts = _parse(path, layout, spoilt, dtype=str) if spoilt else table
    columns = {name: _compact(texts[name] if name in spoilt else table[name]) for name in layout.columns}
    return pd.DataFrame(columns).set_index(pd.Index(layout.lines, name="line"))


def _parse(path: Path, layout: Layout, columns: Iterable[str], dtype: type[str] | None = None) -> pd.DataFrame:
    try:
        with open_text(path) as stream:
            table = pd.read_csv(
                stream,
                sep=layout.separator,
                names=list(layout.columns),
                header=0,
                usecols=list(columns),
                dtype=dtype,
                index_col=False,
                skipinitialspace=True,
                keep_default_na=False,
                na_values=sorted(MISSING_MARKERS),
                low_memory=False,  # else a column's type is guessed part by part
            )
    except pd.errors.ParserError as error:
        raise refused(f"the file is not CSV: {error}") from None
    if len(table) != len(layout.lines):
        raise refused(f"the file is not plain CSV: it has {len(layout.lines)} rows or {len(table)}, by how it is read")
    return table


def _is_number_or_text(column: pd.Series) -> bool:
    return column.dtype.kind in "iuf" or isinstance(column.dtype, pd.StringDtype)


def _compact(column: pd.Series) -> pd.Series:
    if column.dtype.kind in "iuf":
        return column.astype(np.float64)
    return texts(*pd.factorize(column))


def texts(codes: Array, distinct: Iterable[str]) -> pd.Series:
    """The column whose cells are `distinct` texts by their codes (rows,), -1 for a missing one."""
    stripped = pd.Series(distinct).str.strip()
    stripped_codes, categories = pd.factorize(stripped.mask(stripped.isin(MISSING_MARKERS)))
    by_code = np.append(stripped_codes, -1)  # a missing cell has code -1, the last
    return pd.Series(pd.Categorical.from_codes(by_code[codes], categories=categories))
