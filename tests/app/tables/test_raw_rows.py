"""Raw rows mean what the same cells of a CSV file mean."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.errors import InvalidInput
from app.tables.encoding import Encoder
from app.tables.raw_rows import MAX_COMPLAINTS, table_of
from tests.app.tables.tables import table

TRAINING = "size,city,level,old,none\n1,Oslo,1,,\n2.5,Bergen,x,7,\n40,,2,8,\n"
RIGHT: dict[str, Any] = {"size": 3, "city": "Oslo", "level": "x", "old": 7, "none": None}


@pytest.fixture
def encoder(tmp_path: Path) -> Encoder:
    """Numbers, texts with and without missing cells, and a column that holds nothing."""
    return Encoder.fit(table(tmp_path, TRAINING))


def complaints(encoder: Encoder, *rows: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        table_of(rows, encoder)
    return [(error.pointer, error.message) for error in caught.value.errors]


def test_the_training_rows_are_encoded_as_they_were(encoder: Encoder, tmp_path: Path) -> None:
    """As numbers and nulls, and as the texts that stand in the file."""
    read = table(tmp_path, TRAINING)
    header, *lines = [line.split(",") for line in TRAINING.splitlines()]
    texts: list[dict[str, Any]] = [dict(zip(header, line, strict=True)) for line in lines]
    numbers: list[dict[str, Any]] = [
        {"size": 1, "city": "Oslo", "level": 1, "old": None, "none": None},
        {"size": 2.5, "city": "Bergen", "level": "x", "old": 7.0, "none": "any"},
        {"size": 4e1, "city": None, "level": "2", "old": 8},
    ]
    for rows in (texts, numbers):
        np.testing.assert_array_equal(encoder.encode(table_of(rows, encoder)), encoder.encode(read))


@pytest.mark.parametrize("missing", [None, "", "  ", "NA", "null", "?", " nan "])
def test_what_is_missing_is_filled_as_the_training_rows_taught(missing: Any, encoder: Encoder) -> None:
    rows = [RIGHT | {"size": missing, "city": missing, "level": missing, "old": missing}]
    found = dict(zip(encoder.features, encoder.encode(table_of(rows, encoder))[0].tolist(), strict=True))
    assert found == {
        "size": 2.5,  # the median; no training row lacks it, so nothing says that it is missing
        "city = Bergen": 0, "city = Oslo": 0, "city is missing": 1,
        "level = 1": 0, "level = 2": 0, "level = x": 0,
        "old": 7.5, "old is missing": 1,
    }  # fmt: skip


@pytest.mark.parametrize("cell", ["3", " 3.0 ", "3e0", "+3", 3, 3.0])
def test_a_number_may_be_written_as_in_a_file(cell: Any, encoder: Encoder) -> None:
    assert encoder.encode(table_of([RIGHT | {"size": cell}], encoder))[0, 0] == 3


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("size", "big", "must be a number, or null where it is missing, but got 'big'"),
        ("size", "1,5", "must be a number, or null where it is missing, but got '1,5'"),
        ("size", True, "must be a number, a text or null, but got true"),
        ("size", [1], "must be a number, a text or null, but got a list"),
        ("size", {}, "must be a number, a text or null, but got an object"),
        ("size", float("nan"), "must be finite, but got nan"),
        ("size", float("inf"), "must be finite, but got inf"),
        ("size", "inf", "must be at most ±1e+30, but got 'inf'"),
        ("size", -1e31, "must be at most ±1e+30, but got '-1e+31'"),
        ("size", 10**400, "must be at most ±1e+30, but got '1000"),
        ("city", "Paris", "holds 'Paris', which no training row has: it must be one of 'Bergen', 'Oslo'"),
        ("city", "oslo", "holds 'oslo', which no training row has"),
        ("city", 5, "holds '5', which no training row has"),
        ("city", False, "must be a number, a text or null, but got false"),
        ("city", "\ud800", "holds '\\ud800', which no training row has"),
    ],
)
def test_a_cell_that_breaks_a_rule_is_named_with_row_column_and_value(
    column: str, value: Any, rule: str, encoder: Encoder
) -> None:
    [(pointer, message)] = complaints(encoder, RIGHT, RIGHT | {column: value})
    assert pointer == f"/rows/1/{column}"
    assert message.startswith(f"row 1: column {column!r} {rule}")


def test_a_column_that_is_not_there_and_one_that_should_not_be_are_named(encoder: Encoder) -> None:
    row = {name: value for name, value in RIGHT.items() if name != "city"} | {"citty": "Oslo", "a/b": 1}
    assert complaints(encoder, row) == [
        ("/rows/0/citty", "row 0: unknown column 'citty': the nearest known one is 'city'"),
        ("/rows/0/a~1b", "row 0: unknown column 'a/b': the known ones are 'size', 'city', 'level', 'old', 'none'"),
        ("/rows/0/city", "row 0: column 'city' is required; null says that its value is missing"),
    ]


def test_a_thousand_wrong_rows_are_not_a_thousand_complaints(encoder: Encoder) -> None:
    assert len(complaints(encoder, *[RIGHT | {"size": "x"}] * 1000)) == MAX_COMPLAINTS


def test_an_encoder_that_went_through_json_reads_the_same(encoder: Encoder) -> None:
    again = Encoder.from_json(json.loads(json.dumps(encoder.to_json())))
    np.testing.assert_array_equal(again.encode(table_of([RIGHT], again)), encoder.encode(table_of([RIGHT], encoder)))
