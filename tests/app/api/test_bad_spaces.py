"""A wrong search space is refused like the same one within a study, with pointers into what was sent."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.app.api.problems import field_error

RATE = {"name": "rate", "type": "float", "low": 0.1, "high": 1}

WRONG: list[tuple[object, str, str]] = [
    ([RATE], "", "`body` must be an object, but got [{"),
    ({}, "/parameters", "`parameters` is required"),
    ({"parameters": [], "nmae": "x"}, "/nmae", "the nearest known one is 'name'"),
    ({"parameters": []}, "/parameters", "1 to 100"),
    ({"parameters": [RATE], "name": ""}, "/name", "printable"),
    ({"parameters": [RATE], "name": "\0"}, "/name", "printable"),
    ({"parameters": [RATE], "name": "\ud800"}, "/name", "printable"),
    ({"parameters": [RATE], "\ud800": 1}, "/\ud800", "unknown field"),
    ({"parameters": [RATE, RATE]}, "/parameters/1/name", "'rate' is there twice"),
    ({"parameters": [RATE | {"low": 2}]}, "/parameters/0/low", "`low < high` must hold, but got (low=2.0, high=1.0)"),
    ({"parameters": [RATE | {"low": 0, "scale": "log"}]}, "/parameters/0/low", "0"),
    ({"parameters": [RATE | {"scale": "reverse_log"}]}, "/parameters/0/high", "1"),
    ({"parameters": [{"name": "n", "type": "int", "low": 0, "high": 5, "step": 2}]}, "/parameters/0/high", "multiple"),
    ({"parameters": [RATE | {"wehn": {"a": [1]}}]}, "/parameters/0/wehn", "the nearest known one is 'when'"),
    ({"parameters": [RATE | {"when": [1]}]}, "/parameters/0/when", "must be an object of names"),
    ({"parameters": [RATE | {"when": {"a": 1}}]}, "/parameters/0/when/a", "must be a list, but got 1"),
    ({"parameters": [RATE | {"when": {"\ud800": [1]}}]}, "/parameters/0/when", "printable"),
    ({"parameters": [RATE | {"when": {"optmizer": ["adam"]}}]}, "/parameters/0/when/optmizer", "'optimizer'"),
    ({"parameters": [RATE | {"when": {"optimizer": []}}]}, "/parameters/0/when/optimizer", "1 to 1000"),
    (
        {"parameters": [RATE | {"when": {"optimizer": ["adam", "adma"]}}]},
        "/parameters/0/when/optimizer/1",
        "the nearest known one is 'adam'",
    ),
    (
        {"parameters": [RATE | {"when": {"n": [1]}}, {"name": "n", "type": "int", "low": 0, "high": 5}]},
        "/parameters/0/when/n",
        "'n' stands after 'rate'",
    ),
    ({"parameters": [RATE | {"low": float("nan")}]}, "/parameters/0/low", "finite"),
    ({"parameters": [RATE | {"high": float("inf")}]}, "/parameters/0/high", "finite"),
    ({"parameters": [RATE | {"high": 10**400}]}, "/parameters/0/high", "finite"),
    (float("nan"), "", "`body` must be an object, but got nan"),
]


@pytest.mark.parametrize(("document", "pointer", "part"), WRONG, ids=[ascii(wrong[0])[:90] for wrong in WRONG])
def test_a_wrong_space_is_refused_and_nothing_is_kept(
    document: object, pointer: str, part: str, api: httpx.Client, stored: Callable[[], dict[str, Any]]
) -> None:
    before = stored()
    answer = api.post("/v1/search-spaces", content=json.dumps(document), headers={"content-type": "application/json"})
    found, message = field_error(answer)
    assert found == pointer
    assert part in message
    assert stored() == before
