import json
from typing import Any

import pytest

from engine.errors import InvalidField
from engine.search import CategoricalParameter, FloatParameter, IntParameter, SearchSpace

RATE = {"name": "learning_rate", "type": "float", "low": 0.0001, "high": 1, "scale": "log"}


def space_with(**changes: Any) -> dict[str, Any]:
    parameter = {name: value for name, value in (RATE | changes).items() if value is not ...}
    return {"parameters": [{"name": "units", "type": "int", "low": 1, "high": 9}, parameter]}


def test_a_document_becomes_its_parameters() -> None:
    document = {
        "name": "mlp",
        "parameters": [
            RATE,
            {"name": "units", "type": "int", "low": 16, "high": 100, "step": 4},
            {"name": "optimizer", "type": "categorical", "choices": ["momentum", "adam"]},
        ],
    }
    assert SearchSpace.from_json(document) == SearchSpace(
        (
            FloatParameter("learning_rate", 0.0001, 1.0, "log"),
            IntParameter("units", 16, 100, step=4),
            CategoricalParameter("optimizer", ("momentum", "adam")),
        ),
        name="mlp",
    )


def test_the_written_document_names_every_default() -> None:
    document = {
        "parameters": [
            {"high": 1, "low": 0, "type": "float", "name": "x"},
            {"name": "n", "type": "int", "low": 1, "high": 3},
        ]
    }
    assert json.dumps(SearchSpace.from_json(document).to_json()) == (
        '{"name": null, "parameters": ['
        '{"name": "x", "type": "float", "low": 0.0, "high": 1.0, "scale": "linear"}, '
        '{"name": "n", "type": "int", "low": 1, "high": 3, "step": 1, "scale": "linear"}]}'
    )


def test_the_names_stand_in_the_order_of_the_parameters() -> None:
    assert SearchSpace.from_json(space_with()).names == ("units", "learning_rate")


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ([], (), "a search space must be an object, but got []"),
        ({}, ("parameters",), "`parameters` is required in a search space, but is missing"),
        (
            space_with() | {"naem": "mlp"},
            ("naem",),
            "unknown field of a search space 'naem': the nearest known one is 'name'",
        ),
        (space_with() | {"name": 3}, ("name",), "`name` must be text, but got 3"),
        ({"parameters": RATE}, ("parameters",), "`parameters` must be a list, but got {'high': 1, 'low': 0.0001, "),
        ({"parameters": "abc"}, ("parameters",), "`parameters` must be a list, but got 'abc'"),
        ({"parameters": []}, ("parameters",), "`parameters` must hold 1 to 100 parameters, but holds 0"),
        (
            {"parameters": [RATE | {"name": f"x{number}"} for number in range(101)]},
            ("parameters",),
            "`parameters` must hold 1 to 100 parameters, but holds 101",
        ),
        (
            {"parameters": [RATE, space_with()["parameters"][0], RATE]},
            ("parameters", 2, "name"),
            "the `name` of each parameter must differ, but 'learning_rate' is there twice",
        ),
        ({"parameters": [7]}, ("parameters", 0), "a parameter must be an object, but got 7"),
        (
            space_with(type=...),
            ("parameters", 1, "type"),
            "`type` is required in a parameter, but is missing: one of float, int, categorical",
        ),
        (
            space_with(type="flaot"),
            ("parameters", 1, "type"),
            "unknown type 'flaot': the nearest known one is 'float'",
        ),
        (
            space_with(type={}),
            ("parameters", 1, "type"),
            "`type` must be one of float, int, categorical, but got {}",
        ),
        (
            space_with(hihg=2),
            ("parameters", 1, "hihg"),
            "unknown field of a parameter of type float 'hihg': the nearest known one is 'high'",
        ),
        (
            space_with(high=...),
            ("parameters", 1, "high"),
            "`high` is required in a parameter of type float, but is missing",
        ),
        (
            space_with(scale="logarithmic"),
            ("parameters", 1, "scale"),
            "unknown scale 'logarithmic': the nearest known one is ",
        ),
        (
            space_with(low=2),
            ("parameters", 1, "low"),
            "`low < high` must hold, but got (low=2.0, high=1.0)",
        ),
        (
            space_with(low=float("nan")),
            ("parameters", 1, "low"),
            "`low` must be a finite number, but got nan",
        ),
        (
            space_with(type="categorical", low=..., high=..., scale=..., choices=[{}]),
            ("parameters", 1, "choices", 0),
            "`choices` must be printable text of at most 200 characters, true, false, finite numbers or integers "
            "within ±2**53, but choice 0 is {}",
        ),
    ],
)  # fmt: skip
def test_a_wrong_document_is_refused_with_path_and_rule(document: Any, path: tuple[Any, ...], message: str) -> None:
    with pytest.raises(InvalidField) as caught:
        SearchSpace.from_json(document)
    assert caught.value.path == path
    assert caught.value.message.startswith(message)


def test_a_field_name_of_any_length_is_answered_in_short() -> None:
    with pytest.raises(InvalidField) as caught:
        SearchSpace.from_json(space_with(**{"x" * 100_000: 1}))
    assert len(caught.value.message) < 400
