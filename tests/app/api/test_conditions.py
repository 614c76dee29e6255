"""Studies whose searched values hang on others, or on what is fixed."""

from typing import Any

import httpx
import pytest

from tests.app.api.documents import LEARNING_RATE, Stored, Wrong, assert_refused, choices, space, training

OPTIMIZER = choices("optimizer", "momentum", "adam")
MOMENTUM = {"name": "momentum", "type": "float", "low": 0.9, "high": 0.999, "when": {"optimizer": ["momentum"]}}
BATCH_NORM = choices("batch_norm", True, False)
UNITS_3 = {"name": "hidden_units_3", "type": "int", "low": 5, "high": 9}

WRONG = [
    Wrong(space(MOMENTUM, OPTIMIZER), "/search_space/parameters/0/when/optimizer", ("'optimizer' stands after",)),
    Wrong(
        space(LEARNING_RATE, LEARNING_RATE | {"name": "l2", "when": {"learning_rate": [0.01]}}),
        "/search_space/parameters/1/when/learning_rate",
        ("is a float",),
    ),
    Wrong(
        space(LEARNING_RATE | {"when": {"optimiser": ["adam"]}}),
        "/search_space/parameters/0/when/optimiser",
        ("an earlier parameter or a training value", "'optimizer'"),
    ),
    Wrong(
        space(LEARNING_RATE | {"when": {"hidden_units_2": [8]}}),
        "/search_space/parameters/0/when/hidden_units_2",
        ("an earlier parameter or a fixed value", "'hidden_units_2'"),
    ),
    Wrong(
        space(LEARNING_RATE | {"when": {"optimizer": ["sgd"]}}),
        "/search_space/parameters",
        ("must leave something to search",),
    ),
    Wrong(  # can have no effect where it is there
        space(OPTIMIZER, MOMENTUM | {"when": {"optimizer": ["adam"]}}),
        "/search_space/parameters/1/name",
        ("no effect", "'momentum'", "'adam'"),
    ),
    Wrong(
        space(
            LEARNING_RATE | {"when": {"batch_norm": [True]}}, OPTIMIZER, MOMENTUM | {"when": {"optimizer": ["adam"]}}
        ),
        "/search_space/parameters/2/name",
        ("no effect",),
    ),
    Wrong(
        space(choices("hidden_layers", 2, 3), UNITS_3 | {"when": {"hidden_layers": [2]}}),
        "/search_space/parameters/1/name",
        ("no effect", "at most 2"),
    ),
    Wrong(
        space(BATCH_NORM, choices("batch_size", 1, 32) | {"when": {"batch_norm": [True]}}),
        "/search_space/parameters/1",
        ("`batch_size` must be at least 2",),
    ),
]

RIGHT = [
    space(OPTIMIZER, MOMENTUM),
    space(choices("hidden_layers", 2, 3), UNITS_3 | {"when": {"hidden_layers": [3]}}),
    space(BATCH_NORM, choices("batch_size", 1, 32) | {"when": {"batch_norm": [False]}}),
    space(LEARNING_RATE | {"when": {"optimizer": ["adam"]}}),  # the default
    space(  # without its own, a layer has the value for all
        choices("optimizer", "sgd", "adam"),
        *({"name": name, "type": "int", "low": 5, "high": 9} for name in ("hidden_units", "hidden_units_1")),
        {"name": "hidden_units_2", "type": "int", "low": 5, "high": 9, "when": {"optimizer": ["sgd"]}},
    ),
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_condition_that_cannot_be_meant_is_refused(wrong: Wrong, api: httpx.Client, stored: Stored) -> None:
    assert_refused(wrong, api, stored)


@pytest.mark.parametrize("document", RIGHT)
def test_what_makes_sense_under_its_conditions_is_taken(document: dict[str, Any], api: httpx.Client) -> None:
    study = api.post("/v1/studies", json=document).raise_for_status().json()
    asked = document["search_space"]["parameters"]
    assert [each["name"] for each in study["search_space"]["parameters"]] == [each["name"] for each in asked]


def test_what_the_fixed_values_rule_out_is_no_part_of_the_study(api: httpx.Client) -> None:
    stored = api.post("/v1/search-spaces", json={"parameters": [LEARNING_RATE, MOMENTUM]}).raise_for_status().json()
    assert stored["parameters"][1]["when"] == {"optimizer": ["momentum"]}
    for optimizer, names in (("momentum", ["learning_rate", "momentum"]), ("sgd", ["learning_rate"])):
        document = training(optimizer=optimizer) | {"search_space": stored["id"]}
        study = api.post("/v1/studies", json=document).raise_for_status().json()
        searched = study["search_space"]["parameters"]
        assert [parameter["name"] for parameter in searched] == names
        assert not any("when" in parameter for parameter in searched)
