"""Successive halving: how long each rung is, and who goes on to the next."""

import math

import pytest

from engine.search import Observation, SuccessiveHalving


def rung(*costs: float | None) -> list[Observation]:
    return [Observation(number, {}, cost) for number, cost in enumerate(costs)]


def test_each_rung_is_as_many_times_longer_as_fewer_go_on() -> None:
    assert [SuccessiveHalving(2, 4).epochs(rung) for rung in range(3)] == [2, 8, 32]


def test_the_best_go_on_best_first() -> None:
    assert SuccessiveHalving(reduction_factor=2).going_on(rung(0.4, 0.1, 0.3, 0.2)) == [1, 3]


@pytest.mark.parametrize(("trials", "going_on"), [(1, 1), (3, 1), (4, 2), (9, 3), (10, 4)])
def test_a_share_is_rounded_up(trials: int, going_on: int) -> None:
    assert len(SuccessiveHalving(reduction_factor=3).going_on(rung(*[0.5] * trials))) == going_on


def test_equal_trials_go_on_by_their_tie_break_and_then_by_their_number() -> None:
    trials = [Observation(number, {}, 0.5, loss) for number, loss in enumerate([0.9, 0.2, 0.9, 0.9])]
    assert SuccessiveHalving(reduction_factor=2).going_on(trials) == [1, 0]


def test_failed_trials_never_go_on_and_leave_their_places_empty() -> None:
    assert SuccessiveHalving(reduction_factor=2).going_on(rung(None, None, math.nan, 0.3)) == [3]
    assert SuccessiveHalving(reduction_factor=3).going_on(rung(None, None, 0.2, 0.3, 0.4, 0.5)) == [2, 3]
