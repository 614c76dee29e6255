"""Values that somebody brings along fit the space, or are refused with the rule."""

import json
from typing import Any

import pytest

from engine.errors import InvalidField
from engine.search import SearchSpace
from engine.search.assignment import read_values

SPACE = SearchSpace.from_json(
    {
        "parameters": [
            {"name": "learning_rate", "type": "float", "low": 0.001, "high": 1, "scale": "log"},
            {"name": "hidden_units", "type": "int", "low": 16, "high": 64, "step": 8},
            {"name": "optimizer", "type": "categorical", "choices": ["momentum", "adam"]},
            {
                "name": "momentum",
                "type": "float",
                "low": 0.9,
                "high": 0.999,
                "when": {"optimizer": ["momentum"]},
            },
        ]
    }
)
WITH_MOMENTUM = {"learning_rate": 0.1, "hidden_units": 24, "optimizer": "momentum", "momentum": 0.95}
WITH_ADAM = {"learning_rate": 0.1, "hidden_units": 24, "optimizer": "adam"}


@pytest.mark.parametrize("values", [WITH_MOMENTUM, WITH_ADAM])
def test_values_of_the_space_are_taken_as_they_are(values: dict[str, Any]) -> None:
    assert read_values(SPACE, values) == values
    assert json.dumps(read_values(SPACE, dict(reversed(values.items())))) == json.dumps(values)


def test_values_are_written_as_the_space_draws_them() -> None:
    values = read_values(SPACE, WITH_ADAM | {"learning_rate": 1})
    assert json.dumps(values["learning_rate"]) == "1.0"


@pytest.mark.parametrize(
    ("values", "name", "message"),
    [
        (
            WITH_ADAM | {"learning_rate": 2},
            "learning_rate",
            "`learning_rate` must be a number from 0.001 to 1.0, but got 2",
        ),
        (WITH_ADAM | {"learning_rate": float("nan")}, "learning_rate", "`learning_rate` must be a number from"),
        (WITH_ADAM | {"learning_rate": True}, "learning_rate", "but got True"),
        (
            WITH_ADAM | {"hidden_units": 25},
            "hidden_units",
            "`hidden_units` must be an integer from 16 to 64 in steps of 8, but got 25",
        ),
        (WITH_ADAM | {"hidden_units": 24.0}, "hidden_units", "but got 24.0"),
        (
            WITH_ADAM | {"optimizer": "sgd"},
            "optimizer",
            "`optimizer` must be one of ['momentum', 'adam'], but got 'sgd'",
        ),
        (
            WITH_ADAM | {"momentum": 0.95},
            "momentum",
            "`momentum` must be left out where `optimizer` is 'adam', as it is searched only where that is one of "
            "['momentum'], but got 0.95",
        ),
        (
            {name: value for name, value in WITH_MOMENTUM.items() if name != "momentum"},
            "momentum",
            "`momentum` is required in a trial's values, but is missing",
        ),
        ({}, "learning_rate", "`learning_rate` is required in a trial's values, but is missing"),
        (
            WITH_ADAM | {"lerning_rate": 0.1},
            "lerning_rate",
            "unknown field of a trial's values 'lerning_rate': the nearest known one is 'learning_rate'",
        ),
    ],
)
def test_what_the_space_would_never_draw_is_refused(values: dict[str, Any], name: str, message: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        read_values(SPACE, values)
    assert refusal.value.path == (name,)
    assert message in refusal.value.message


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(InvalidField, match="a trial's values must be an object, but got 5"):
        read_values(SPACE, 5)
