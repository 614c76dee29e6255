"""What a person adds to a study on its way: what is taken, and what is refused with the rule."""

import json
from typing import Any

import httpx
import pytest

from app import model_files
from app.lifecycle import EndedBy, StudyState, TrialState
from app.settings import Settings
from app.store import jobs, rounds, studies, trials
from app.store.database import Database
from tests.app.api.documents import LEARNING_RATE, Stored, choices
from tests.app.api.problems import field_error, problem_of

SPACE = {"parameters": [LEARNING_RATE, choices("batch_size", 32, 64)]}
VALUES = {"learning_rate": 0.01, "batch_size": 32}


@pytest.fixture
def address(api: httpx.Client) -> str:
    """Of a queued study of two rounds."""
    strategy = {"type": "coarse_to_fine", "rounds": 2, "first_round_share": 0.4}
    request = {"objective": {"dataset": "digits"}, "search_space": SPACE, "strategy": strategy, "trials": 10}
    return str(api.post("/v1/studies", json=request).raise_for_status().headers["location"])


def id_of(address: str) -> str:
    return address.rpartition("/")[2]


def end(database: Database, address: str, state: StudyState) -> None:
    """Bring the study to an end with one complete trial in its only round."""
    with database.writing() as session:
        study = studies.get(session, id_of(address))
        studies.start(study, {})
        rounds.open_next(session, study, {}, [VALUES])
        session.flush()
        [trial] = trials.every(session, study.id)
        trials.start(study, trial, 1, "")
        trial.value = trial.cost = trial.dev_loss = 0.5
        trial.seed_values = [0.5]
        trials.move(study, trial, TrialState.COMPLETE)
        studies.end(session, study, state, EndedBy.BUDGET)


def test_values_and_results_wait_for_the_next_round(api: httpx.Client, address: str) -> None:
    before = api.get(address).json()["version"]
    answer = api.post(f"{address}/trials", json={"enqueued": [{"values": VALUES}] * 2})
    assert (answer.status_code, answer.headers["location"]) == (202, f"{address}/arrivals")
    assert answer.json() == {"enqueued": 2, "imported": 0, "round": 0}
    results = [{"values": VALUES, "value": 0.25, "dev_loss": 1.5}, {"values": VALUES, "value": None}]
    answer = api.post(f"{address}/trials", json={"enqueued": [{"values": VALUES}], "imported": results})
    assert answer.json() == {"enqueued": 3, "imported": 2, "round": 0}
    study = api.get(address).json()
    assert study["version"] > before
    assert study["counts"]["unproposed"] == 10
    assert study["arrivals"] == {"enqueued": 3, "imported": 2}


def test_what_waits_is_listed_in_the_order_in_which_it_came_page_by_page(api: httpx.Client, address: str) -> None:
    imported = {"values": VALUES, "value": 0.25, "dev_loss": 1.5}
    api.post(f"{address}/trials", json={"imported": [imported]}).raise_for_status()
    api.post(f"{address}/trials", json={"enqueued": [{"values": VALUES | {"batch_size": 64}}]}).raise_for_status()
    first = api.get(f"{address}/arrivals?limit=1").raise_for_status().json()
    assert first["items"] == [{"kind": "imported", **imported}]
    second = api.get(f"{address}/arrivals", params={"cursor": first["next_cursor"]}).json()
    tried = {"kind": "enqueued", "values": VALUES | {"batch_size": 64}, "value": None, "dev_loss": None}
    assert second == {"items": [tried], "next_cursor": None}


BAD: dict[str, tuple[object, str, tuple[str, ...]]] = {
    "nothing": ({}, "", ("`enqueued` or `imported`", "both are empty")),
    "empty lists": ({"enqueued": [], "imported": []}, "", ("both are empty",)),
    "an unknown list": ({"import": []}, "/import", ("unknown field 'import'", "'imported'")),
    "an unknown field": ({"enqueued": [{"value": VALUES}]}, "/enqueued/0/value", ("unknown field 'value'", "'values'")),
    "no result": ({"imported": [{"values": VALUES}]}, "/imported/0/value", ("`value` is required",)),
    "no number": ({"imported": [{"values": VALUES, "value": "low"}]}, "/imported/0/value", ("`value`", "'low'")),
    "infinity": ({"imported": [{"values": VALUES, "value": float("inf")}]}, "/imported/0/value", ("`value`", "inf")),
    "no loss": (
        {"imported": [{"values": VALUES, "value": 0.1, "dev_loss": -1}]},
        "/imported/0/dev_loss",
        ("`dev_loss` must be greater than or equal to 0", "-1"),
    ),
    "no error rate": (
        {"imported": [{"values": VALUES, "value": 1.5}]},
        "/imported/0/value",
        ("`value` must lie from 0 to 1, as each error_rate does", "1.5"),
    ),
    "outside the space": (
        {"enqueued": [{"values": VALUES}, {"values": VALUES | {"learning_rate": 5}}]},
        "/enqueued/1/values/learning_rate",
        ("`learning_rate` must be a number from 0.001 to 0.1", "5"),
    ),
    "imported from outside the space": (
        {"imported": [{"values": VALUES | {"batch_size": 48}, "value": 0.1}]},
        "/imported/0/values/batch_size",
        ("`batch_size` must be one of [32, 64]", "48"),
    ),
    "a value too few": (
        {"enqueued": [{"values": {"learning_rate": 0.01}}]},
        "/enqueued/0/values/batch_size",
        ("`batch_size` is required",),
    ),
    "a value too many": (
        {"enqueued": [{"values": VALUES | {"momentum": 0.9}}]},
        "/enqueued/0/values/momentum",
        ("unknown", "'momentum'"),
    ),
}


@pytest.mark.parametrize(("document", "pointer", "parts"), BAD.values(), ids=list(BAD))
def test_what_makes_no_sense_is_refused_and_nothing_of_it_is_kept(
    document: object, pointer: str, parts: tuple[str, ...], api: httpx.Client, address: str, stored: Stored
) -> None:
    before = stored()
    answer = api.post(f"{address}/trials", content=json.dumps(document), headers={"content-type": "application/json"})
    found, message = field_error(answer)
    assert found == pointer
    assert [part for part in parts if part not in message] == [], message
    assert stored() == before


def test_more_may_not_wait_than_a_study_could_use(api: httpx.Client, address: str, monkeypatch: Any) -> None:
    monkeypatch.setattr("app.api.arrivals.MAX_ARRIVALS", 3)
    assert api.post(f"{address}/trials", json={"enqueued": [{"values": VALUES}] * 3}).status_code == 202
    pointer, message = field_error(api.post(f"{address}/trials", json={"enqueued": [{"values": VALUES}]}))
    assert (pointer, "at most 3 wait, but with these it were 4" in message) == ("/enqueued", True)


@pytest.mark.parametrize("path", ["trials", "extend"])
def test_a_study_that_was_cancelled_takes_no_more(path: str, api: httpx.Client, address: str) -> None:
    api.post(f"{address}/cancel").raise_for_status()
    body: dict[str, object] = {"enqueued": [{"values": VALUES}]} if path == "trials" else {"trials": 5}
    assert "is cancelled" in problem_of(api.post(f"{address}/{path}", json=body), 409)["detail"]


@pytest.mark.parametrize("path", ["trials", "extend"])
def test_a_study_that_is_not_there_is_not_found(path: str, api: httpx.Client) -> None:
    body: dict[str, object] = {"enqueued": [{"values": VALUES}]} if path == "trials" else {"trials": 5}
    problem_of(api.post(f"/v1/studies/nothing/{path}", json=body), 404)


def test_what_comes_after_the_end_waits_for_an_extension(api: httpx.Client, address: str, database: Database) -> None:
    end(database, address, StudyState.COMPLETE)
    answer = api.post(f"{address}/trials", json={"enqueued": [{"values": VALUES}]})
    assert answer.json()["round"] is None  # though it was to have two: it has ended
    api.post(f"{address}/extend", json={"trials": 7}).raise_for_status()
    answer = api.post(f"{address}/trials", json={"enqueued": [{"values": VALUES}]})
    assert answer.json() == {"enqueued": 2, "imported": 0, "round": 1}


def test_an_extension_lets_a_complete_study_go_on_and_takes_its_model_away(
    api: httpx.Client, address: str, database: Database, settings: Settings
) -> None:
    end(database, address, StudyState.COMPLETE)
    with database.writing() as session:
        jobs.add_model(session, studies.get(session, id_of(address)))
    file = model_files.place_of(settings.models_dir, id_of(address))
    model_files.write(file, lambda stream: stream.write(b"of a winner that may change"))
    study = api.post(f"{address}/extend", json={"trials": 7}).raise_for_status().json()
    assert study == api.get(address).json()
    assert (study["state"], study["trials"], study["winner"], study["ended_by"]) == ("running", 8, None, None)
    assert study["extensions"] == [{"trials": 7, "round": 1}]
    assert study["counts"]["unproposed"] == 7
    assert not file.exists()
    problem_of(api.get(f"{address}/model"), 409)


@pytest.mark.parametrize(
    ("trials_more", "parts"),
    [
        (0, ("`trials`", "greater than or equal to 1", "0")),
        (20_001, ("`trials`", "20000", "20001")),
        (20_000, ("`trials` must leave the whole study at most 20000", "20000 more than its 10")),
        ("many", ("`trials`", "'many'")),
    ],
)
def test_an_extension_out_of_range_is_refused(
    trials_more: object, parts: tuple[str, ...], api: httpx.Client, address: str, database: Database
) -> None:
    end(database, address, StudyState.COMPLETE)
    pointer, message = field_error(api.post(f"{address}/extend", json={"trials": trials_more}))
    assert (pointer, [part for part in parts if part not in message]) == ("/trials", [])


def test_a_running_study_cannot_be_extended(api: httpx.Client, address: str) -> None:
    detail = problem_of(api.post(f"{address}/extend", json={"trials": 5}), 409)["detail"]
    assert "is queued: only a complete study can be extended" in detail
