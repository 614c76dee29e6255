import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.tables import layout
from app.tables.cells import MISSING_MARKERS, parse_number
from app.tables.reading import read_table
from tests.app.tables.tables import column, complaint, table, write


def cells(read: pd.Series) -> list[object]:
    return [None if pd.isna(cell) else cell for cell in read]


def test_numbers_and_texts_are_read_with_the_line_of_each_row(tmp_path: Path) -> None:
    read = table(tmp_path, "size,city\n1.5,Oslo\n-2e3,\n,Rome\n")
    assert cells(read["size"]) == [1.5, -2000.0, None]
    assert cells(read["city"]) == ["Oslo", None, "Rome"]
    assert list(read.index) == [2, 3, 4]


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    read = table(tmp_path, '\na,b\r\n\r\n1,"two\nlines"\n\n3,x\n')
    assert list(read.index) == [4, 7]
    assert cells(read["b"]) == ["two\nlines", "x"]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["001", "1e5", "+.5", "2."], [1.0, 100_000.0, 0.5, 2.0]),
        (["1", "NaN", "nan", "NA", "?", "null", ""], [1.0, *[None] * 6]),
        (["1e999", "inf", "-Infinity"], [np.inf, np.inf, -np.inf]),
        (["99999999999999999999", "1"], ["99999999999999999999", "1"]),  # a number that pandas does not read as one
        (["0.1", "1e-320", "123456789.123456789"], [0.1, 1e-320, 123456789.123456789]),
        (["001", "A2"], ["001", "A2"]),
        (["1", "two", ""], ["1", "two", None]),
        (["TRUE", "false", "true"], ["TRUE", "false", "true"]),
        (["true", ""], ["true", None]),
        (['"1,234"', "5"], ["1,234", "5"]),
        (["1_000", "0x1A"], ["1_000", "0x1A"]),
        (["2024-01-31", "31.1.2024"], ["2024-01-31", "31.1.2024"]),
        ([" b ", "b", " NA ", "  "], ["b", "b", None, None]),
        (["None", "nothing"], ["None", "nothing"]),
    ],
)
def test_a_column_is_numbers_if_every_cell_is_one_else_its_texts_stay_as_they_stand(
    tmp_path: Path, texts: list[str], expected: list[object]
) -> None:
    assert cells(column(tmp_path, *texts)) == expected


def test_one_text_at_the_end_of_a_long_file_makes_every_cell_of_its_column_a_text(tmp_path: Path) -> None:
    read = column(tmp_path, *["007"] * 100_000, "M")
    assert (read.iloc[0], read.iloc[-1]) == ("007", "M")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("001", 1.0),
        ("-2.5E-3", -0.0025),
        ("inf", np.inf),
        ("1e999", np.inf),
        ("1_0", None),
        ("１", None),
        ("1,5", None),
    ],
)
def test_what_counts_as_a_number(text: str, number: float | None) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_comma_semicolon_and_tab_separate(tmp_path: Path, separator: str) -> None:
    read = table(tmp_path, f"a{separator}b\n1{separator}x\n")
    assert list(read.columns) == ["a", "b"]


def test_a_comma_within_quotes_does_not_hide_the_semicolon(tmp_path: Path) -> None:
    assert list(table(tmp_path, '"price, net";b\n1;2\n').columns) == ["price, net", "b"]


def test_a_comma_in_the_header_outranks_more_semicolons(tmp_path: Path) -> None:
    assert list(table(tmp_path, "a;b;c,d\n1,2\n").columns) == ["a;b;c", "d"]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert list(table(tmp_path, "\ufeffa,b\n1,2\n").columns) == ["a", "b"]


def test_blanks_around_names_and_cells_are_dropped(tmp_path: Path) -> None:
    read = table(tmp_path, 'a , b\n 1 , "x, y "\n')
    assert list(read.columns) == ["a", "b"]
    assert cells(read["a"]) == [1.0]
    assert cells(read["b"]) == ["x, y"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty: its first line must name the columns"),
        (b"\n\r\n\n", "the file is empty: its first line must name the columns"),
        (b"a,b,c\n", "the file has a header (line 1) with 3 columns, but no rows"),
        (
            b"price\n1\n",
            "the file has only one column, 'price': a target and at least one feature are needed, "
            "separated by commas, semicolons or tabs",
        ),
        (b"a,b\n1,2\n3\n", "line 3 has 1 field, but the header has 2 (separated by ',')"),
        (b"a,b\n1,2\n\n3,4,5\n", "line 4 has 3 fields, but the header has 2 (separated by ',')"),
        (b'a,b\n"x\ny",1\n2\n', "line 4 has 1 field, but the header has 2 (separated by ',')"),
        (b"a;b\n1,2\n", "line 2 has 1 field, but the header has 2 (separated by ';')"),
        (b"a,b\n1,2,\n", "line 2 has 3 fields, but the header has 2 (separated by ',')"),
        (b"a,b, a\n1,2,3\n", "the column name 'a' stands twice in the header (line 1): columns 1 and 3"),
        (b"a,,c\n1,2,3\n", "column 2 has no name in the header (line 1)"),
        (b"\na,b,\n1,2,3\n", "column 3 has no name in the header (line 2)"),
        (b"a,b\n1,x\x00\n", "line 2 holds a NUL byte: the file is not a text file"),
        (b"a,b\n1,x\n2,caf\xe9\n", "line 3 is not UTF-8: its character 6 is the byte 0xe9; save the file as UTF-8"),
        (
            "a,b\n1,2\n".encode("utf-16"),
            "the file is encoded as UTF-16, by its first two bytes: save it as UTF-8",
        ),
        (
            b'a,b\n1,"x\n2,y\n',
            "line 2 is not CSV: unexpected end of data (is there a quote that is not closed?)",
        ),
        (
            b'a,b\n1,"x"y\n',
            "line 2 is not CSV: ',' expected after '\"' (is there a quote that is not closed?)",
        ),
    ],
)
def test_a_file_that_is_no_table_is_refused_by_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    error = complaint(lambda: read_table(write(tmp_path, content)))
    assert (error.pointer, error.message) == ("/file", message)


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("MAX_ROWS", "the file has more than 2 rows, which is the limit"),
        ("MAX_COLUMNS", "the file has 3 columns, but at most 2 are allowed"),
        ("MAX_CELLS", "the file has more than 2 cells, which is the limit: it has 3 columns"),
    ],
)
def test_a_table_over_a_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, message: str
) -> None:
    monkeypatch.setattr(layout, limit, 2)
    assert complaint(lambda: table(tmp_path, "a,b,c\n1,2,3\n4,5,6\n7,8,9\n")).message == message


repeatable = settings(derandomize=True, deadline=None, max_examples=500)
fragments = st.sampled_from(
    [*'ab1 ,,,\t;"\n\r.-#\\é', '""', "\r\n", "NA", "true", "1e5", "1\n", "a,1\n", "inf", "\x0b", "\u2028"]
)


@repeatable
@given(header=st.sampled_from(["a,b\n", '"a\n",b\r\n', ""]), rest=st.lists(fragments, max_size=25).map("".join))
@example(header="a,b\n", rest="\r,1\n")  # pandas alone reads 1 as the first cell of this row
@example(header="a,b\n", rest='""\n1,2\n')
def test_every_file_is_either_refused_or_read_cell_by_cell_as_the_standard_library_reads_it(
    tmp_path_factory: pytest.TempPathFactory, header: str, rest: str
) -> None:
    path = write(tmp_path_factory.getbasetemp(), header + rest)
    try:
        read = read_table(path)
    except InvalidInput:
        return
    text = io.StringIO(path.read_text(encoding="utf-8"))
    separator = layout.read_layout(path).separator
    records = [record for record in csv.reader(text, delimiter=separator, skipinitialspace=True) if record]
    expected = [[cell.strip() for cell in record] for record in records[1:]]
    for row, record in zip(read.itertuples(index=False), expected, strict=True):
        assert all(same_cell(cell, text) for cell, text in zip(row, record, strict=True)), (row, record)


def same_cell(cell: str | float, text: str) -> bool:
    if text in MISSING_MARKERS:
        return bool(pd.isna(cell))
    return cell == (parse_number(text) if isinstance(cell, float) else text)
