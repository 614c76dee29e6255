"""How an epoch's rows are cut into mini-batches, and how their size shows in the cost."""

from dataclasses import replace

import numpy as np
import pytest

from engine.training.mini_batches import batch_bounds
from engine.training.pack import Pack
from engine.training.plan import TrainingPlan
from engine.training.train import train
from tests.engine.training.small_data import TASKS, clouds


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


PLAN = TrainingPlan(seed=1, hidden_units=(9,), optimizer="sgd", learning_rate=0.2, epochs=20)
DATASET = TASKS["ten classes"]
ROWS = DATASET.train.rows


def costs_of(plan: TrainingPlan, epochs: int) -> list[float]:
    """Of each mini-batch, before its step."""
    pack = Pack([plan], DATASET)
    costs: list[float] = []
    for _ in range(epochs):
        pack.train_epoch()
        costs += pack.batch_costs()[0].tolist()
    return costs


def test_the_cost_of_each_mini_batch_is_the_mean_loss_of_its_rows() -> None:
    pack = Pack([PLAN, replace(PLAN, seed=2)], DATASET)
    outputs = pack.train_epoch()
    assert pack.batch_costs().shape == (2, len(pack.bounds))
    sizes = [stop - start for start, stop in pack.bounds]
    np.testing.assert_allclose(np.average(pack.batch_costs(), axis=1, weights=sizes), outputs.loss, rtol=1e-6)


def test_with_all_rows_in_one_batch_the_cost_falls_at_every_step_and_in_small_ones_it_is_noisy() -> None:
    whole = costs_of(replace(PLAN, batch_size=ROWS), epochs=60)
    assert len(whole) == 60
    assert (np.diff(whole) < 0).all()
    single = costs_of(replace(PLAN, batch_size=1, learning_rate=0.02), epochs=3)
    assert len(single) == 3 * ROWS
    assert 0.3 < (np.diff(single) > 0).mean() < 0.7, "up and down about as often"
    assert np.mean(single[-ROWS:]) < 0.8 * np.mean(single[:ROWS]), "yet it falls"


def test_one_batch_of_all_rows_is_plain_gradient_descent() -> None:
    """The order of the rows then changes nothing but the last bits: two seeds of it, the same network."""
    pack = Pack([replace(PLAN, batch_size=ROWS)], DATASET)
    other = Pack([replace(PLAN, batch_size=ROWS + 100)], DATASET)
    other.shuffles[0].permutation(7)  # so that it draws other orders from here on
    for _ in range(10):
        pack.train_epoch()
        other.train_epoch()
    np.testing.assert_allclose(pack.parameters.flat, other.parameters.flat, atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 16, ROWS])
def test_a_network_learns_at_any_batch_size(batch_size: int) -> None:
    rate = 0.02 if batch_size == 1 else 0.2
    result = train(replace(PLAN, batch_size=batch_size, learning_rate=rate, epochs=100), clouds(3))
    assert result.metrics["train_error_rate"] < 0.2


def test_batch_norm_trains_where_one_row_would_be_left_over() -> None:
    """61 rows in batches of 20 leave one over."""
    result = train(replace(PLAN, batch_size=20, batch_norm=True, epochs=40), clouds(3))
    assert result.failure is None
    assert result.metrics["train_error_rate"] < 0.2
