"""What prunes, as JSON, and what is refused."""

import json

import pytest

from engine.errors import InvalidField
from engine.search import Pruning, StopCurve, SuccessiveHalving, pruning_from_json


@pytest.mark.parametrize("pruning", [StopCurve(grace_epochs=7, min_elites=4), SuccessiveHalving(2, 5)])
def test_a_pruning_comes_back_from_json(pruning: Pruning) -> None:
    assert pruning_from_json(json.loads(json.dumps(pruning.to_json()))) == pruning
    assert pruning_from_json({"type": pruning.type}) == type(pruning)()


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ([], (), "a pruning must be an object, but got []"),
        ({}, ("type",), "`type` is required in a pruning, but is missing: one of stop_curve, successive_halving"),
        ({"type": "stop"}, ("type",), "unknown type 'stop': the nearest known one is 'stop_curve'"),
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
        (
            {"type": "successive_halving", "min_epochs": 0},
            ("min_epochs",),
            "`1 <= min_epochs <= 100000` must hold, but got 0",
        ),
        (
            {"type": "successive_halving", "reduction_factor": 1},
            ("reduction_factor",),
            "`2 <= reduction_factor <= 100` must hold, but got 1",
        ),
        ({"type": "stop_curve", "min_elites": 2.0}, ("min_elites",), "`min_elites` must be an integer, but got 2.0"),
    ],
)
def test_what_makes_no_sense_is_refused(document: object, path: tuple[str, ...], message: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        pruning_from_json(document)
    assert (refusal.value.path, refusal.value.message) == (path, message)
