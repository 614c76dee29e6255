"""The winner on the guarded test rows: asked for, and counted."""

import io
from typing import Any

import httpx
import numpy as np
import pytest

from app.dispatch import job_orders, job_recording
from app.dispatch.messages import ModelDiffers, ModelJudged, WorkFailed
from app.lifecycle import JobKind, StudyState
from app.settings import Settings
from app.store import jobs, studies
from app.store.database import Database
from app.supervisor import Service
from engine.errors import InvalidField
from engine.training import open_dataset
from engine.training.held_out import Judgement, open_test_rows
from engine.training.model import Model
from tests.app.api.problems import problem_of
from tests.app.dispatch.making import add_study
from tests.app.dispatch.making_jobs import add_complete_study
from tests.app.waiting import wait_until

JUDGEMENT = Judgement(114, {"test_error_rate": 0.125, "test_loss": 0.5}, (0.075, 0.2))


@pytest.fixture
def study_id(database: Database) -> str:
    """A complete study where no dispatcher is."""
    return add_complete_study(database)


def ask(api: httpx.Client, study_id: str) -> str:
    """The address of the look that is asked for."""
    answer = api.post(f"/v1/studies/{study_id}/test")
    assert answer.status_code == 202
    assert api.get(answer.headers["location"]).json() == answer.json()
    return answer.headers["location"]


def tell(database: Database, address: str, message: ModelJudged | ModelDiffers | WorkFailed) -> None:
    """Let a worker do what is asked for at this address, and say what it found."""
    with database.writing() as session:
        job = jobs.get(session, address.rpartition("/")[2], JobKind.TEST)
        jobs.start(job, 1, "")
        job_recording.record(session, job, message)


def test_a_look_is_counted_in_the_transaction_that_reveals_it(
    api: httpx.Client, database: Database, study_id: str
) -> None:
    address = ask(api, study_id)
    before = api.get(f"/v1/studies/{study_id}").json()
    look = api.get(address).json()
    assert (before["test_looks"], look["state"], look["trial"], look["metric"]) == (0, "waiting", 0, "error_rate")
    assert {look[name] for name in ("value", "rows", "look", "failure")} == {None}
    tell(database, address, ModelJudged(JUDGEMENT))
    after, look = api.get(f"/v1/studies/{study_id}").json(), api.get(address).json()
    assert (after["test_looks"], after["version"]) == (1, before["version"] + 1)
    assert (look["state"], look["value"], look["interval"], look["rows"]) == ("complete", 0.125, [0.075, 0.2], 114)
    assert (look["metrics"], look["look"]) == (JUDGEMENT.metrics, 1)


def test_every_look_counts_but_reading_one_again_does_not(api: httpx.Client, database: Database, study_id: str) -> None:
    addresses = []
    for _ in range(2):
        addresses.append(ask(api, study_id))
        tell(database, addresses[-1], ModelJudged(JUDGEMENT))
    assert len(set(addresses)) == 2
    looks = api.get(f"/v1/studies/{study_id}/tests").json()["items"]
    assert [look["look"] for look in looks] == [1, 2]
    assert [api.get(address).json() for address in addresses] == looks
    assert api.get(f"/v1/studies/{study_id}").json()["test_looks"] == 2


def test_whoever_asks_while_one_is_under_way_shares_it(api: httpx.Client, study_id: str) -> None:
    assert ask(api, study_id) == ask(api, study_id)


@pytest.mark.parametrize(
    ("message", "failure"),
    [
        (ModelDiffers(0.5), "trial 0, trained again, came to a dev error_rate of 0.5 instead of 0.25"),
        (WorkFailed("ValueError: x"), "ValueError: x"),
    ],
)
def test_what_reveals_nothing_is_no_look(
    api: httpx.Client, database: Database, study_id: str, message: ModelDiffers | WorkFailed, failure: str
) -> None:
    address = ask(api, study_id)
    tell(database, address, message)
    look = api.get(address).json()
    assert (look["state"], look["value"], look["look"]) == ("failed", None, None)
    assert look["failure"].startswith(failure)
    assert api.get(f"/v1/studies/{study_id}").json()["test_looks"] == 0
    assert ask(api, study_id) != address


def test_a_study_that_is_not_complete_has_nothing_to_test(api: httpx.Client, database: Database) -> None:
    study_id = add_study(database)
    detail = problem_of(api.post(f"/v1/studies/{study_id}/test"), 409)["detail"]
    assert detail == f"study {study_id!r} is queued: only the winner of a complete study is tested"


def test_a_look_is_found_under_its_own_study_alone(api: httpx.Client, database: Database, study_id: str) -> None:
    test_id = ask(api, study_id).rpartition("/")[2]
    other = add_complete_study(database)
    for address in (f"{other}/tests/{test_id}", f"{study_id}/tests/nothing", f"nothing/tests/{test_id}"):
        problem_of(api.get(f"/v1/studies/{address}"), 404)
    problem_of(api.post("/v1/studies/nothing/test"), 404)


def test_a_study_that_goes_on_before_its_test_begins_is_not_tested(
    api: httpx.Client, database: Database, settings: Settings, study_id: str
) -> None:
    ask(api, study_id)
    with database.writing() as session:
        studies.get(session, study_id).state = StudyState.RUNNING
        [job] = jobs.tests_of(session, study_id)
        with pytest.raises(InvalidField, match="the study is running again"):
            job_orders.order_for(session, job, settings)


def test_the_winner_is_as_wrong_on_the_test_rows_as_its_model(service: httpx.Client, running_service: Service) -> None:
    finished = complete_study(service)
    address = ask(service, finished["id"])
    look = wait_until(lambda: ended(service, address))
    document = service.get(f"/v1/studies/{finished['id']}/export").json()
    folder = running_service.settings.datasets_dir / document["study"]["objective"]["dataset"]
    dataset, test = open_dataset(folder), open_test_rows(folder)
    model = model_of(service, finished["id"])
    answers = model.predict(dataset.input_standardisation.undo(test.inputs))
    errors = answers - dataset.target_standardisation.undo(test.targets.astype(float))
    assert look["value"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-5)
    assert look["interval"][0] < look["value"] < look["interval"][1]
    assert (look["trial"], look["rows"]) == (finished["winner"]["number"], test.rows)
    study = service.get(f"/v1/studies/{finished['id']}").json()
    assert (study["test_looks"], look["look"]) == (1, 1)
    assert service.get(f"/v1/studies/{finished['id']}/export").json() == document


def complete_study(service: httpx.Client) -> dict[str, Any]:
    request = {"objective": {"dataset": "diabetes", "training": {"epochs": 3}}, "trials": 8, "seed": 0}
    request["confirm"] = {"finalists": 1, "repeats": 2}
    address = service.post("/v1/studies", json=request).raise_for_status().headers["location"]
    wait_until(lambda: service.get(address).raise_for_status().json()["state"] == "complete")
    return dict(service.get(address).json())


def ended(service: httpx.Client, address: str) -> dict[str, Any] | None:
    look: dict[str, Any] = service.get(address).raise_for_status().json()
    assert look["failure"] is None
    return look if look["state"] == "complete" else None


def model_of(service: httpx.Client, study_id: str) -> Model:
    def ask() -> Model | None:
        answer = service.get(f"/v1/studies/{study_id}/model")
        return None if answer.status_code == 503 else Model.load(io.BytesIO(answer.raise_for_status().content))

    return wait_until(ask)
