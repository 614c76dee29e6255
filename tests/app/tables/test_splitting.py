from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.tables.splitting import SPLIT_NAMES, assign_rows, check_fractions, read_split_column, split_sizes
from tests.app.tables.tables import column, complaint

repeatable = settings(derandomize=True, deadline=None, max_examples=200)
fractions = st.tuples(*[st.integers(1, 100)] * 3).map(lambda parts: tuple(part / sum(parts) for part in parts))
class_counts = st.lists(st.integers(3, 60), min_size=1, max_size=8).map(np.array)


@repeatable
@given(counts=class_counts, fractions=fractions, seed=st.integers(0, 2**53 - 1))
def test_every_row_is_in_one_split_and_every_class_in_every_split(
    counts: np.ndarray, fractions: tuple[float, float, float], seed: int
) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    splits = assign_rows(labels, fractions, seed)
    assert set(splits) <= {0, 1, 2}
    assert len(splits) == len(labels)
    found = np.array([np.bincount(splits[labels == label], minlength=3) for label in range(len(counts))])
    assert found.min() >= 1
    assert found.tolist() == split_sizes(counts, fractions).tolist()


@repeatable
@given(counts=class_counts, fractions=fractions)
def test_each_class_and_the_whole_are_shared_out_to_within_one_row(
    counts: np.ndarray, fractions: tuple[float, float, float]
) -> None:
    ideal = np.outer(counts, fractions)
    sizes = split_sizes(counts, fractions)
    assert sizes.sum(axis=1).tolist() == counts.tolist()
    if ideal.min() >= 1:  # else the one row that each split gets at least is more than its share
        assert np.abs(sizes - ideal).max() < 1
        assert np.abs(sizes.sum(axis=0) - ideal.sum(axis=0)).max() < 1


def test_remainders_go_where_they_are_largest() -> None:
    assert split_sizes(np.array([442]), (0.6, 0.2, 0.2)).tolist() == [[265, 89, 88]]
    assert split_sizes(np.array([3]), (0.98, 0.01, 0.01)).tolist() == [[1, 1, 1]]
    assert split_sizes(np.array([10]), (0.7, 0.2, 0.1)).tolist() == [[7, 2, 1]]


def test_the_same_seed_splits_alike_and_another_seed_otherwise() -> None:
    labels = np.arange(200) % 3
    first = assign_rows(labels, (0.6, 0.2, 0.2), seed=7)
    assert np.array_equal(first, assign_rows(labels, (0.6, 0.2, 0.2), seed=7))
    assert not np.array_equal(first, assign_rows(labels, (0.6, 0.2, 0.2), seed=8))


def test_a_split_is_spread_over_the_whole_file() -> None:
    # 10,000 rows at 0.2: the mean place of dev rows has a deviation of 0.0058, so 0.04 is passed by chance
    # once in 10^11 seeds.
    splits = assign_rows(np.zeros(10_000, np.int64), (0.6, 0.2, 0.2), seed=0)
    assert abs(np.flatnonzero(splits == 1).mean() / 10_000 - 0.5) < 0.04


@pytest.mark.parametrize(
    ("fractions", "message"),
    [
        ([0.5, 0.5], "the fractions of train, dev and test are three numbers, but got [0.5, 0.5]"),
        ([0.8, 0.2, 0.0], "each fraction must be > 0, but got [0.8, 0.2, 0]"),
        ([0.8, 0.4, -0.2], "each fraction must be > 0, but got [0.8, 0.4, -0.2]"),
        ([0.6, 0.4, float("nan")], "each fraction must be > 0, but got [0.6, 0.4, nan]"),
        ([0.6, 0.2, 0.1], "the fractions must sum to 1, but [0.6, 0.2, 0.1] sums to 0.9"),
        ([60, 20, 20], "the fractions must sum to 1, but [60, 20, 20] sums to 100"),
    ],
)
def test_fractions_that_are_no_shares_of_a_whole_are_refused(fractions: list[float], message: str) -> None:
    error = complaint(lambda: check_fractions(fractions))
    assert (error.pointer, error.message) == ("/split", message)


def test_thirds_written_with_six_digits_sum_to_one() -> None:
    check_fractions([0.333333, 0.333333, 0.333334])


def test_a_split_column_says_where_each_row_goes(tmp_path: Path) -> None:
    splits = read_split_column(column(tmp_path, "dev", "train", " test ", "train"))
    assert [SPLIT_NAMES[code] for code in splits] == ["dev", "train", "test", "train"]


RULE = "every row must be one of train, dev, test, and each of them at least once"


@pytest.mark.parametrize(
    ("cells", "complaint_made"),
    [
        (["train", "val", "test"], "holds 'val' in line 3"),
        (["train", "Dev", "test"], "holds 'Dev' in line 3"),
        (["train", "dev", "test", ""], "holds nothing in line 5"),
        (["0", "1", "2"], "holds 0 in line 2"),
        (["train", "test"], "gives no row to dev"),
    ],
)
def test_a_split_column_with_other_values_is_refused(tmp_path: Path, cells: list[str], complaint_made: str) -> None:
    error = complaint(lambda: read_split_column(column(tmp_path, *cells)))
    assert (error.pointer, error.message) == ("/split_column", f"split column 'a' {complaint_made}: {RULE}")
