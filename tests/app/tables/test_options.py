from collections.abc import Mapping
from typing import Any

import pytest

from app.tables.options import TableOptions
from tests.app.tables.tables import complaint


def test_only_the_target_must_be_given() -> None:
    options = TableOptions("price")
    assert options.task is None
    assert options.describe_split() == {"fractions": [0.6, 0.2, 0.2], "seed": 0}


def test_a_split_column_takes_the_place_of_fractions_and_seed() -> None:
    assert TableOptions("price", split_column="fold").describe_split() == {"column": "fold"}


@pytest.mark.parametrize(
    ("fields", "pointer", "message"),
    [
        ({"task": "classify"}, "/task", "unknown task 'classify': the nearest known one is 'classification'"),
        ({"split": (0.5, 0.5, 0.5)}, "/split", "the fractions must sum to 1, but [0.5, 0.5, 0.5] sums to 1.5"),
        (
            {"split_seed": -1},
            "/split_seed",
            "`0 ≤ split_seed ≤ 9007199254740991` must hold, but got -1",
        ),
        (
            {"split_seed": 2**53},
            "/split_seed",
            "`0 ≤ split_seed ≤ 9007199254740991` must hold, but got 9007199254740992",
        ),
        (
            {"split_column": "price"},
            "/split_column",
            "the split column must not be the target, but both are 'price'",
        ),
    ],
)
def test_an_option_that_breaks_a_rule_is_refused(fields: Mapping[str, Any], pointer: str, message: str) -> None:
    error = complaint(lambda: TableOptions("price", **fields))
    assert (error.pointer, error.message) == (pointer, message)
