"""Whatever JSON is sent, the answer is a problem, or a study that can be read and run: never a crash.

Half of the documents are arbitrary; the other half are right but for one place, which gets deeper.
"""

import copy
import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.dispatch import job_orders, packing, proposing
from app.lifecycle import JobKind
from app.settings import Settings
from app.store import jobs, studies, trials
from app.store.database import Database
from engine.search import READY_MADE
from engine.training.values import TRAINING_NAMES
from tests.app.api.problems import problem_of

REQUESTS = 150  # for each path and kind of document, the same ones each time

RIGHT_STUDY: dict[str, Any] = {
    "name": "right",
    "seed": 1,
    "search_space": {
        "name": "inline",
        "parameters": [
            {"name": "learning_rate", "type": "float", "low": 0.001, "high": 0.1, "scale": "log"},
            {"name": "hidden_layers", "type": "int", "low": 1, "high": 3, "step": 1},
            {"name": "optimizer", "type": "categorical", "choices": ["adam", "momentum"]},
        ],
    },
    "objective": {"type": "mlp", "dataset": "digits", "metric": "f1", "training": {"epochs": 3, "l2": 0.5}},
    "strategy": {"type": "coarse_to_fine", "rounds": 2, "margin": 0.1},
    "trials": 9,
    "trial_timeout_seconds": 5,
    "max_seconds": None,
    "max_attempts": 2,
}
RIGHT_CHECK = {"dataset": "digits", "training": {"hidden_layers": 1, "l2": 0.5}, "epochs": 3, "seed": 1}
RIGHT = {
    "/v1/studies": RIGHT_STUDY,
    "/v1/search-spaces": RIGHT_STUDY["search_space"],
    "/v1/gradient-checks": RIGHT_CHECK,
}


def words(part: Any) -> set[str]:
    """Every name and text in a document."""
    if isinstance(part, dict):
        return set(part).union(*map(words, part.values()))
    if isinstance(part, list):
        return set().union(*map(words, part))
    return {part} if isinstance(part, str) else set()


KNOWN = st.sampled_from(sorted({*words(RIGHT_STUDY), *TRAINING_NAMES, *READY_MADE, "diabetes", "random"}))
TEXTS = KNOWN | st.text(st.characters(exclude_categories=[]), max_size=8)  # also half surrogate pairs, and NUL
NUMBERS = st.integers() | st.floats() | st.sampled_from([0, 1, 2**53, 2**63, -(2**63) - 1, 10**400, float("inf")])
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)


def places(part: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    keys = list(part) if isinstance(part, dict) else list(range(len(part))) if isinstance(part, list) else []
    return [(part, key) for key in keys] + [place for key in keys for place in places(part[key])]


def like(value: Any) -> st.SearchStrategy[Any]:
    """What has a good chance to be right in its place."""
    if isinstance(value, str):
        return KNOWN
    if isinstance(value, int | float) and value is not True:
        return st.integers(0, 20) | st.floats(0, 1)
    return SCALARS


@st.composite
def nearly_right(draw: st.DrawFn, right: Any) -> Any:
    document = copy.deepcopy(right)
    for _ in range(draw(st.sampled_from([1, 1, 2, 3]))):
        container, key = draw(st.sampled_from(places(document)))
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                container[key] = draw(like(container[key]) | JSON)
            case "remove":
                del container[key]
            case "add" if isinstance(container, dict):
                container[draw(TEXTS)] = draw(JSON)
            case "add":
                container.append(draw(JSON))
        if not places(document):
            break
    return document


def check(api: httpx.Client, database: Database, path: str, document: Any) -> None:
    answer = api.post(path, content=json.dumps(document), headers={"content-type": "application/json"})
    if not answer.is_success:
        assert problem_of(answer, 422)["errors"]
        return
    location = answer.headers["location"]
    assert api.get(location).raise_for_status().json() == answer.json()
    assert api.get(path, params={"limit": 1}).is_success
    if path == "/v1/studies":
        api.get(f"{location}/export").raise_for_status().json()
        run_first_round(database, answer.json()["id"])
    if path == "/v1/gradient-checks":
        make_order(database, answer.json()["id"])


def make_order(database: Database, check_id: str) -> None:
    """Nothing is refused later that was accepted here: the worker's order is made."""
    with database.reading() as session:
        job_orders.order_for(session, jobs.get(session, check_id, JobKind.GRADIENT_CHECK), Settings())


def run_first_round(database: Database, study_id: str) -> None:
    """Nothing is refused later that was accepted here: the trials are drawn and their plans made."""
    with database.reading() as session:
        study = studies.get(session, study_id)
        proposing.advance(session, study)
        session.flush()
        for trial in trials.waiting(session, study_id, 50):
            packing.plan_of(study, trial)
        session.rollback()


quick = settings(
    max_examples=REQUESTS,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("path", RIGHT)
@given(document=JSON)
@quick
def test_arbitrary_json_never_breaks_the_service(
    path: str, document: Any, api: httpx.Client, database: Database
) -> None:
    check(api, database, path, document)


@pytest.mark.parametrize("path", RIGHT)
@given(data=st.data())
@quick
def test_nearly_right_json_never_breaks_the_service(
    path: str, data: st.DataObject, api: httpx.Client, database: Database
) -> None:
    check(api, database, path, data.draw(nearly_right(RIGHT[path])))


@pytest.mark.parametrize("path", RIGHT)
def test_the_right_documents_are_right(path: str, api: httpx.Client, database: Database) -> None:
    assert api.post(path, json=RIGHT[path]).is_success
    check(api, database, path, RIGHT[path])
