"""The model comes out: its file, and what it answers for raw rows."""

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import model_files
from app.api.models import MAX_ROWS
from app.dispatch import proposing
from app.lifecycle import EndedBy, JobState, StudyState, TrialState
from app.settings import Settings
from app.store import jobs, studies, trials
from app.store.database import Database
from app.supervisor import Service
from engine.training.model import Model
from tests.app.api.problems import field_error, problem_of
from tests.app.api.test_any_json import JSON, SCALARS, TEXTS, quick
from tests.app.waiting import wait_until

SPACE = {"parameters": [{"name": "learning_rate", "type": "float", "low": 0.001, "high": 0.05, "scale": "log"}]}
TRAINING = {"epochs": 12, "hidden_units": 8, "batch_norm": True, "keep_prob": 0.9}


def made_up_table() -> str:
    """Numbers, texts and gaps in every column, split by a column so that the dev rows are known."""
    rng = random.Random(0)
    rows: list[list[Any]] = [["size", "city", "age", "kind", "price", "part"]]
    for number in range(240):
        size, city = round(rng.uniform(20, 150), 1), rng.choice(["Oslo", "Bergen", ""])
        age = rng.choice([rng.randrange(99), "NA"])
        price = 3 * size + 40 * (city == "Oslo") + rng.gauss(0, 10) + 1000
        kind = ["small", "medium", "large"][(price > 1180) + (price > 1320)]
        rows.append([size, city, age, kind, round(price, 2), ["train", "train", "dev", "test"][number % 4]])
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    return stream.getvalue()


TABLE = made_up_table()


def dev_rows() -> list[dict[str, Any]]:
    return [row for row in csv.DictReader(io.StringIO(TABLE)) if row.pop("part") == "dev"]


def complete_study(service: httpx.Client, target: str) -> dict[str, Any]:
    form = {"target": target, "split_column": "part", "name": target}
    upload = service.post("/v1/datasets", files={"file": ("t.csv", TABLE)}, data=form)
    request = {
        "seed": 3,
        "objective": {"dataset": upload.raise_for_status().json()["id"], "training": TRAINING},
        "search_space": SPACE,
        "trials": 6,
        "strategy": {"type": "random"},
    }
    address = service.post("/v1/studies", json=request).raise_for_status().headers["location"]

    def ended() -> dict[str, Any] | None:
        study: dict[str, Any] = service.get(address).raise_for_status().json()
        assert study["state"] != "failed"
        return study if study["state"] == "complete" else None

    return wait_until(ended)


@pytest.fixture(scope="module")
def of_kinds(service: httpx.Client) -> dict[str, Any]:
    """A complete study of three classes."""
    return complete_study(service, "kind")


@pytest.fixture(scope="module")
def of_prices(service: httpx.Client) -> dict[str, Any]:
    """A complete study of numbers."""
    return complete_study(service, "price")


def once_ready(service: httpx.Client, method: str, path: str, **request: Any) -> httpx.Response:
    def ask() -> httpx.Response | None:
        answer = service.request(method, path, **request)
        return None if answer.status_code == 503 else answer

    return wait_until(ask)


def model_of(service: httpx.Client, study: dict[str, Any]) -> httpx.Response:
    return once_ready(service, "GET", f"/v1/studies/{study['id']}/model").raise_for_status()


def predictions(service: httpx.Client, study: dict[str, Any], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answer = once_ready(service, "POST", f"/v1/studies/{study['id']}/predict", json={"rows": rows})
    return list(answer.raise_for_status().json()["predictions"])


def without(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in names} for row in rows]


def test_the_classes_of_the_dev_rows_are_wrong_as_often_as_the_study_found(
    service: httpx.Client, of_kinds: dict[str, Any]
) -> None:
    rows = dev_rows()
    found = predictions(service, of_kinds, without(rows, "kind"))
    wrong = [prediction["class"] != row["kind"] for prediction, row in zip(found, rows, strict=True)]
    assert 0 < np.mean(wrong) == of_kinds["winner"]["value"] < 0.5
    for prediction in found:
        shares = prediction["probabilities"]
        assert list(shares) == ["large", "medium", "small"]
        assert sum(shares.values()) == pytest.approx(1)
        assert shares[prediction["class"]] == max(shares.values())


def test_the_prices_of_the_dev_rows_are_off_as_far_as_the_study_found(
    service: httpx.Client, of_prices: dict[str, Any]
) -> None:
    rows = dev_rows()
    found = predictions(service, of_prices, without(rows, "price"))
    errors = [prediction["value"] - float(row["price"]) for prediction, row in zip(found, rows, strict=True)]
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(of_prices["winner"]["value"], rel=1e-4)


def test_the_file_holds_all_it_takes(service: httpx.Client, of_kinds: dict[str, Any]) -> None:
    answer = model_of(service, of_kinds)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == f'attachment; filename="{of_kinds["id"]}.npz"'
    assert int(answer.headers["content-length"]) == len(answer.content)
    model = Model.load(io.BytesIO(answer.content))
    assert (model.task, model.class_names) == ("classification", ["large", "medium", "small"])
    assert [column["name"] for column in model.columns] == ["size", "city", "age", "price"]
    assert model_of(service, of_kinds).content == answer.content


def test_a_row_alone_is_answered_as_among_others(service: httpx.Client, of_prices: dict[str, Any]) -> None:
    rows = without(dev_rows(), "price")[:9]
    together = [prediction["value"] for prediction in predictions(service, of_prices, rows)]
    alone = [predictions(service, of_prices, [row])[0]["value"] for row in rows]
    assert alone == pytest.approx(together, rel=1e-12)


def test_rows_that_cannot_be_answered_are_refused(service: httpx.Client, of_prices: dict[str, Any]) -> None:
    path = f"/v1/studies/{of_prices['id']}/predict"
    [row] = without(dev_rows()[:1], "price")
    model_of(service, of_prices)

    def refused(document: Any) -> tuple[str, str]:
        return field_error(service.post(path, json=document))

    pointer, message = refused({"rows": [row, row | {"city": "Paris"}]})
    assert pointer == "/rows/1/city"
    assert message == (
        "row 1: column 'city' holds 'Paris', which no training row has: it must be one of 'Bergen', 'Oslo'"
    )
    unsized = {name: cell for name, cell in row.items() if name != "size"}
    assert refused({"rows": [unsized]}) == (
        "/rows/0/size",
        "row 0: column 'size' is required; null says that its value is missing",
    )
    assert refused({"rows": [row | {"price": 1}]})[0] == "/rows/0/price"
    assert refused({"rows": []}) == ("/rows", "`rows` must have at least 1 item, but has 0")
    assert refused({"rows": [row] * (MAX_ROWS + 1)}) == ("/rows", "`rows` must have at most 1000 items, but has 1001")
    assert refused({"rows": [7]}) == ("/rows/0", "`rows[0]` must be an object, but got 7")
    assert refused({"rows": row})[0] == "/rows"
    assert refused({"row": [row]})[1] == "unknown field 'row': the nearest known one is 'rows'"


CELLS = SCALARS | st.sampled_from(["Oslo", "", "NA", "12", "1e400"]) | JSON
ROW = st.dictionaries(st.sampled_from(["size", "city", "age", "kind", "price"]) | TEXTS, CELLS, max_size=5)
FULL_ROW = st.fixed_dictionaries({"size": CELLS, "city": CELLS, "age": CELLS, "kind": CELLS})
REQUESTS = st.fixed_dictionaries({"rows": st.lists(ROW | FULL_ROW, min_size=1, max_size=3) | JSON})


@given(document=REQUESTS | JSON)
@quick
def test_whatever_json_is_sent_is_answered_or_refused(
    document: Any, service: httpx.Client, of_prices: dict[str, Any]
) -> None:
    path = f"/v1/studies/{of_prices['id']}/predict"
    headers = {"content-type": "application/json"}
    answer = once_ready(service, "POST", path, content=json.dumps(document), headers=headers)
    if answer.status_code != 200:
        assert problem_of(answer, 422)["errors"]
        return
    assert len(answer.json()["predictions"]) == len(document["rows"])


def test_a_study_that_is_not_complete_has_no_model(api: httpx.Client) -> None:
    study_id = api.post("/v1/studies", json={"objective": {"dataset": "digits"}}).json()["id"]
    for answer in (
        api.get(f"/v1/studies/{study_id}/model"),
        api.post(f"/v1/studies/{study_id}/predict", json={"rows": [{}]}),
    ):
        detail = problem_of(answer, 409)["detail"]
        assert detail == f"study {study_id!r} is queued: only a complete study has a model"


@pytest.fixture
def done(api: httpx.Client, database: Database) -> str:
    """A complete study where no dispatcher is: its model is never made."""
    study_id: str = api.post("/v1/studies", json={"objective": {"dataset": "digits"}, "trials": 10}).json()["id"]
    with database.writing() as session:
        study = studies.get(session, study_id)
        proposing.advance(session, study)
        session.flush()
        trial = trials.get(session, study_id, 0)
        trials.start(study, trial, 1, "key")
        trial.value = trial.cost = trial.dev_loss = 0.5
        trial.seed_values = [0.5]
        trials.move(study, trial, TrialState.COMPLETE)
        studies.end(session, study, StudyState.COMPLETE, EndedBy.BUDGET)
    return study_id


def test_the_first_question_lets_the_model_be_made_and_says_when_to_ask_again(
    api: httpx.Client, database: Database, done: str
) -> None:
    for answer in (
        api.get(f"/v1/studies/{done}/model"),
        api.get(f"/v1/studies/{done}/model"),
        api.post(f"/v1/studies/{done}/predict", json={"rows": [{}]}),
    ):
        problem = problem_of(answer, 503)
        assert problem["detail"] == f"the model of study {done!r} is being made: ask again in a second"
        assert answer.headers["retry-after"] == "1"
    with database.reading() as session:
        job = jobs.model_of(session, done)
        assert job is not None
        assert (job.state, job.study_id) == (JobState.WAITING, done)


def test_a_model_that_could_not_be_made_is_told_once_and_then_tried_again(
    api: httpx.Client, database: Database, done: str
) -> None:
    path = f"/v1/studies/{done}/model"
    for _ in range(2):
        problem_of(api.get(path), 503)
        with database.writing() as session:
            job = jobs.model_of(session, done)
            assert job is not None
            jobs.start(job, 1, "")
            jobs.fail(job, "too bad")
        detail = problem_of(api.get(path), 409)["detail"]
        assert detail == f"the model of study {done!r} could not be made (too bad); ask again to try once more"


def test_a_model_whose_file_is_gone_is_made_again(
    api: httpx.Client, database: Database, settings: Settings, done: str
) -> None:
    file = model_files.place_of(settings.models_dir, done)
    api.get(f"/v1/studies/{done}/model")
    with database.writing() as session:
        job = jobs.model_of(session, done)
        assert job is not None
        jobs.start(job, 1, "")
        jobs.complete(job, {})
    model_files.write(file, lambda stream: stream.write(b"model"))
    assert api.get(f"/v1/studies/{done}/model").raise_for_status().content == b"model"
    file.unlink()
    problem_of(api.get(f"/v1/studies/{done}/model"), 503)
    with database.reading() as session:
        again = jobs.model_of(session, done)
        assert again is not None
        assert (again.state, again.id == job.id) == (JobState.WAITING, False)


def test_a_model_goes_with_its_study(service: httpx.Client, running_service: Service) -> None:
    study = complete_study(service, "price")
    model_of(service, study)
    file: Path = model_files.place_of(running_service.settings.models_dir, study["id"])
    assert file.exists()
    service.delete(f"/v1/studies/{study['id']}").raise_for_status()
    assert not file.exists()
    problem_of(service.get(f"/v1/studies/{study['id']}/model"), 404)
