"""Studies to submit, right but for what a test makes wrong in them."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx

from tests.app.api.problems import field_error

Stored = Callable[[], dict[str, object]]

LEARNING_RATE = {"name": "learning_rate", "type": "float", "low": 0.001, "high": 0.1, "scale": "log"}


def study(**fields: Any) -> dict[str, Any]:
    return {"objective": {"dataset": "digits"}, **fields}


def objective(**fields: Any) -> dict[str, Any]:
    return {"objective": {"dataset": "digits", **fields}}


def training(**values: Any) -> dict[str, Any]:
    return objective(training=values)


def space(*parameters: object, **fields: Any) -> dict[str, Any]:
    return study(search_space={"parameters": list(parameters), **fields})


def parameter(**fields: Any) -> dict[str, Any]:
    return space(LEARNING_RATE | fields)


def integer(**fields: Any) -> dict[str, Any]:
    return space({"name": "hidden_units", "type": "int", "low": 16, "high": 64, **fields})


def choices(name: str, *values: object) -> dict[str, Any]:
    return {"name": name, "type": "categorical", "choices": list(values)}


def strategy(**fields: Any) -> dict[str, Any]:
    return study(strategy={"type": "coarse_to_fine", **fields})


class Wrong(NamedTuple):
    document: object
    pointer: str
    parts: tuple[str, ...]  # of the message


def nearest(kind: str, name: str, known: str) -> tuple[str, ...]:
    return (f"unknown {kind} {name!r}", f"the nearest known one is {known!r}")


def assert_refused(wrong: Wrong, api: httpx.Client, stored: Stored) -> None:
    """With its field, its value and the rule, and nothing of it is kept."""
    before = stored()
    body = json.dumps(wrong.document)  # which, unlike httpx's own way, lets half a surrogate pair pass
    answer = api.post("/v1/studies", content=body, headers={"content-type": "application/json"})
    pointer, message = field_error(answer)
    assert pointer == wrong.pointer
    assert [part for part in wrong.parts if part not in message] == [], message
    assert stored() == before
