"""What a study is once it is submitted: what was asked, and documented defaults for the rest."""

from typing import Any

import httpx
import pytest

from engine.search import READY_MADE
from engine.training.samples import SAMPLE_NAMES
from tests.app.api.test_studies import STATES, STUDY_FIELDS


def test_the_smallest_submission_gets_documented_defaults(api: httpx.Client) -> None:
    answer = api.post("/v1/studies", json={"objective": {"dataset": "digits"}})
    assert answer.status_code == 201
    study = answer.json()
    assert answer.headers["location"] == f"/v1/studies/{study['id']}"
    assert api.get(answer.headers["location"]).json() == study
    assert study.keys() == STUDY_FIELDS
    assert (study["name"], study["state"], study["trials"], study["round"]) == ("digits", "queued", 100, None)
    assert study["counts"] == dict.fromkeys(STATES, 0) | {"unproposed": 100}
    assert (study["rounds"], study["arrivals"]) == (9, {"enqueued": 0, "imported": 0})  # 17 trials, then 8 or 9 each
    assert study["search_space"]["name"] == "mlp-basic"
    assert study["objective"] == {
        "type": "mlp",
        "dataset": "digits",
        "metric": "error_rate",
        "base_error": 0.0,
        "high_gap": 0.02,
        "seeds": 1,
        "training": {"epochs": 30},
    }
    assert study["strategy"] == {
        "type": "coarse_to_fine",
        "rounds": None,
        "round_size": None,
        "first_round_share": 0.2,
        "elite_fraction": 0.2,
        "margin": 0.1,
        "guided": True,
    }
    assert study["pruning"] == {"type": "stop_curve", "grace_epochs": 3, "min_elites": 8}
    assert (study["trial_timeout_seconds"], study["max_seconds"], study["max_attempts"]) == (600, None, 3)
    assert (study["best_trial"], study["winner"], study["warnings"], study["failure"]) == (None, None, [], None)
    assert (study["confirm"], study["finalists"]) == ({"finalists": 5, "repeats": 3}, None)


def test_epochs_that_are_searched_need_no_other_field(api: httpx.Client) -> None:
    epochs = {"name": "epochs", "type": "int", "low": 1, "high": 3}
    asked = {"objective": {"dataset": "digits"}, "search_space": {"parameters": [epochs]}}
    study = api.post("/v1/studies", json=asked).raise_for_status().json()
    assert study["objective"]["training"] == {}


@pytest.mark.parametrize(
    "training",
    [
        {"optimizer": "adam", "momentum": 0.9, "decay_rate": None},  # the defaults
        {"hidden_layers": 3, "hidden_units_3": 8},
        {"hidden_units": 8},  # as the layers' own are not always there
    ],
)
def test_a_fixed_value_that_has_an_effect_or_is_the_default_is_right(
    training: dict[str, Any], api: httpx.Client
) -> None:
    rate = {"name": "learning_rate", "type": "float", "low": 0.001, "high": 0.1}
    batch_norm = {"name": "batch_norm", "type": "categorical", "choices": [True, False]}
    own = [
        {"name": f"hidden_units_{layer}", "type": "int", "low": 4, "high": 8, "when": {"batch_norm": [True]}}
        for layer in (1, 2)
    ]
    space = {"parameters": [rate, batch_norm, *own]}
    answer = api.post(
        "/v1/studies", json={"objective": {"dataset": "digits", "training": training}, "search_space": space}
    )
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("changes", "confirm"),
    [
        ({"trials": 60}, {"finalists": 3, "repeats": 3}),
        ({"trials": 39}, None),
        ({"confirm": None}, None),
        ({"confirm": {}}, {"finalists": 5, "repeats": 3}),
        ({"trials": 3, "confirm": {"finalists": 1, "repeats": 2}, "strategy": {"type": "random"}},
         {"finalists": 1, "repeats": 2}),
        ({"trials": 100, "strategy": {"type": "coarse_to_fine", "rounds": 90}}, None),  # which 85 trials could not fill
        ({"trials": 40, "strategy": {"type": "grid"}}, None),  # 34 trials would leave gaps
        ({"trials": 40, "strategy": {"type": "grid"}, "confirm": {"finalists": 2}},
         {"finalists": 2, "repeats": 3}),
    ],
)  # fmt: skip
def test_what_is_confirmed_is_asked_or_follows_from_the_budget(
    api: httpx.Client, changes: dict[str, Any], confirm: dict[str, int] | None
) -> None:
    study = api.post("/v1/studies", json={"objective": {"dataset": "digits"}} | changes).raise_for_status().json()
    assert study["confirm"] == confirm


def test_a_seed_left_out_is_drawn_and_told(api: httpx.Client) -> None:
    seeds = {api.post("/v1/studies", json={"objective": {"dataset": "digits"}}).json()["seed"] for _ in range(3)}
    assert len(seeds) > 1  # three equal draws of 32 bits: once in 10^19 runs
    assert all(0 <= seed < 2**53 for seed in seeds)


def test_what_is_asked_is_what_is_stored(api: httpx.Client) -> None:
    asked: dict[str, Any] = {
        "name": "Größe – 大小",
        "seed": 2**53 - 1,
        "search_space": {
            "name": "own",
            "parameters": [{"name": "l2", "type": "float", "low": 0.5, "high": 2.0, "scale": "log"}],
        },
        "objective": {
            "type": "mlp",
            "dataset": "diabetes",
            "metric": "r2",
            "seeds": 4,
            "training": {"hidden_units_1": 7},
        },
        "strategy": {"type": "random"},
        "trials": 1,
        "confirm": None,
        "trial_timeout_seconds": 12.5,
        "max_seconds": 99.5,
        "max_attempts": 1,
    }
    study = api.post("/v1/studies", json=asked).raise_for_status().json()
    asked["objective"] |= {"base_error": None, "high_gap": None}
    assert {field: study[field] for field in asked} == asked


def test_a_strategy_of_a_single_round_prunes_nobody(api: httpx.Client) -> None:
    for strategy in ({"type": "random"}, {"type": "coarse_to_fine", "rounds": 1}):
        study = api.post("/v1/studies", json={"objective": {"dataset": "digits"}, "strategy": strategy})
        assert study.raise_for_status().json()["pruning"] is None


def test_a_search_to_which_repeats_leave_a_single_round_prunes_nobody(api: httpx.Client) -> None:
    asked = {"objective": {"dataset": "digits"}, "trials": 20}
    for confirm, rounds in ((None, 2), ({"finalists": 2, "repeats": 3}, 1)):
        study = api.post("/v1/studies", json=asked | {"confirm": confirm}).raise_for_status().json()
        assert (study["rounds"], study["pruning"] is None) == (rounds, rounds == 1)


def test_pruning_can_be_set_and_turned_off(api: httpx.Client) -> None:
    for asked, stored in (
        ({"type": "stop_curve", "grace_epochs": 9}, {"type": "stop_curve", "grace_epochs": 9, "min_elites": 8}),
        (None, None),
    ):
        study = api.post("/v1/studies", json={"objective": {"dataset": "digits"}, "pruning": asked})
        assert study.raise_for_status().json()["pruning"] == stored


def test_a_stored_space_is_searched_by_its_id(api: httpx.Client) -> None:
    document = {"name": "own", "parameters": [{"name": "l2", "type": "float", "low": 1, "high": 2}]}
    space = api.post("/v1/search-spaces", json=document).json()
    study = api.post(
        "/v1/studies", json={"objective": {"dataset": "digits"}, "search_space": space["id"]}
    ).raise_for_status()
    assert study.json()["search_space"] == {"name": "own", "parameters": space["parameters"]}


@pytest.mark.parametrize("name", READY_MADE)
@pytest.mark.parametrize("dataset", SAMPLE_NAMES)
def test_every_ready_made_space_fits_every_built_in_dataset(name: str, dataset: str, api: httpx.Client) -> None:
    study = api.post("/v1/studies", json={"objective": {"dataset": dataset}, "search_space": name})
    assert study.raise_for_status().json()["search_space"] == READY_MADE[name].to_json()
