"""The stop curve that earlier trials give later ones."""

import pytest

from engine.search import StopCurve

THREE = StopCurve(grace_epochs=0, min_elites=3)


def test_the_limit_is_the_worst_of_the_elites_bests_so_far() -> None:
    costs = [[0.5, 0.3, 0.4], [0.6, 0.2, 0.1], [0.4, 0.4, 0.2]]
    assert THREE.limits(costs) == [0.6, 0.4, 0.3]


def test_an_elite_that_ended_early_stays_at_its_best() -> None:
    assert THREE.limits([[0.5], [0.6, 0.2, 0.1, 0.1], [0.4, 0.1]]) == [0.6, 0.5, 0.5, 0.5]


def test_costs_may_be_negative() -> None:
    assert THREE.limits([[-0.5, -0.9], [-0.6, -0.7], [-0.8, -0.8]]) == [-0.5, -0.7]


def test_nobody_is_stopped_within_the_grace() -> None:
    pruning = StopCurve(grace_epochs=2, min_elites=1)
    assert pruning.limits([[0.5, 0.3, 0.2, 0.1]]) == [None, None, 0.2, 0.1]


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_a_grace_longer_than_the_elites_leaves_their_last_limit_for_all_that_follows(epochs: int) -> None:
    assert StopCurve(grace_epochs=3, min_elites=1).limits([[0.5] * epochs]) == [None, None, None, 0.5]


def test_too_few_elites_stop_nobody() -> None:
    assert THREE.limits([[0.5], [0.4]]) == []
