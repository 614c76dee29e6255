"""How an epoch's rows are cut into mini-batches."""

import pytest

from engine.training.mini_batches import batch_bounds


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize(
    ("rows", "batch_size", "bounds"),
    [
        (6, 3, [(0, 3), (3, 6)]),
        (8, 3, [(0, 3), (3, 6), (6, 8)]),
        (5, 100, [(0, 5)]),
        (5, 5, [(0, 5)]),
    ],
)
def test_the_last_mini_batch_may_be_short(
    rows: int, batch_size: int, bounds: list[tuple[int, int]], batch_norm: bool
) -> None:
    assert batch_bounds(rows, batch_size, batch_norm=batch_norm) == bounds


def test_a_last_row_alone_joins_the_mini_batch_before_it_with_batch_norm_only() -> None:
    assert batch_bounds(7, 3, batch_norm=True) == [(0, 3), (3, 7)]
    assert batch_bounds(7, 3, batch_norm=False) == [(0, 3), (3, 6), (6, 7)]
    assert batch_bounds(4, 3, batch_norm=True) == [(0, 4)]


def test_batches_of_one_row_are_the_limit_of_the_smallest() -> None:
    assert batch_bounds(3, 1, batch_norm=False) == [(0, 1), (1, 2), (2, 3)]


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("batch_size", [2, 3, 7, 60, 61, 1000])
@pytest.mark.parametrize("rows", [2, 3, 61, 128])
def test_every_row_is_in_exactly_one_mini_batch(rows: int, batch_size: int, batch_norm: bool) -> None:
    bounds = batch_bounds(rows, batch_size, batch_norm=batch_norm)
    assert [row for start, stop in bounds for row in range(start, stop)] == list(range(rows))
    assert min(stop - start for start, stop in bounds) >= (2 if batch_norm else 1)
