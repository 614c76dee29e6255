"""The stop curve that earlier trials give later ones, and its options."""

import json

import pytest

from engine.errors import InvalidField
from engine.search.pruning import StopCurve, pruning_from_json

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


def test_a_pruning_comes_back_from_json() -> None:
    pruning = StopCurve(grace_epochs=7, min_elites=4)
    assert pruning_from_json(json.loads(json.dumps(pruning.to_json()))) == pruning
    assert pruning_from_json({"type": "stop_curve"}) == StopCurve()


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ([], (), "a pruning must be an object, but got []"),
        ({}, ("type",), "`type` is required in a pruning, but is missing: one of stop_curve"),
        ({"type": "median"}, ("type",), "unknown type 'median': the nearest known one is 'stop_curve'"),
        (
            {"type": "stop_curve", "grace": 3},
            ("grace",),
            "unknown field of a pruning of type stop_curve 'grace': the nearest known one is 'grace_epochs'",
        ),
        (
            {"type": "stop_curve", "grace_epochs": -1},
            ("grace_epochs",),
            "`0 <= grace_epochs <= 100000` must hold, but got -1",
        ),
        ({"type": "stop_curve", "min_elites": 0}, ("min_elites",), "`1 <= min_elites <= 1000` must hold, but got 0"),
        ({"type": "stop_curve", "min_elites": 2.0}, ("min_elites",), "`min_elites` must be an integer, but got 2.0"),
    ],
)
def test_what_makes_no_sense_is_refused(document: object, path: tuple[str, ...], message: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        pruning_from_json(document)
    assert (refusal.value.path, refusal.value.message) == (path, message)
