"""The importance of each parameter over HTTP, the same in the export."""

from typing import Any

import httpx
from sqlalchemy.orm import Session

from app.lifecycle import FailureReason, TrialState
from app.store import rounds, studies, trials
from app.store.database import Database
from app.store.models import Study
from tests.app.api.problems import problem_of

SPACE = {
    "parameters": [
        {"name": "l2", "type": "float", "low": 0, "high": 1},
        {"name": "learning_rate", "type": "float", "low": 0.5, "high": 1.5},
    ]
}


def fill(session: Session, study: Study, count: int) -> None:
    """Trials whose learning rate alone decides: above 1 they diverge. The last one is cancelled."""
    spread = [(number * 0.5698) % 1 for number in range(count + 1)]
    proposals = [{"l2": (number * 0.7549) % 1, "learning_rate": 0.5 + each} for number, each in enumerate(spread)]
    rounds.open_next(session, study, {}, proposals)
    session.flush()
    for trial in trials.every(session, study.id)[:count]:
        trials.start(study, trial, 1, "")
        if trial.values["learning_rate"] > 1:
            trials.fail(study, trial, FailureReason.DIVERGED, "diverged")
        else:
            trial.value = trial.cost = trial.values["learning_rate"]
            trials.move(study, trial, TrialState.COMPLETE)


def submitted(api: httpx.Client, database: Database, count: int) -> str:
    study: dict[str, Any] = api.post(
        "/v1/studies", json={"objective": {"dataset": "digits"}, "search_space": SPACE}
    ).json()
    with database.writing() as session:
        fill(session, studies.get(session, study["id"]), count)
    api.post(f"/v1/studies/{study['id']}/cancel").raise_for_status()
    return f"/v1/studies/{study['id']}"


def test_the_importances_tell_what_decides_and_failed_trials_count(api: httpx.Client, database: Database) -> None:
    study = submitted(api, database, 40)
    answer = api.get(f"{study}/importances").raise_for_status().json()
    assert answer["trials"] == 40
    first, second = answer["importances"]
    assert (first["parameter"], second["parameter"]) == ("learning_rate", "l2")
    assert first["importance"] > 0.9
    assert api.get(f"{study}/export").json()["study"]["importances"] == answer["importances"]


def test_of_few_trials_nothing_is_told(api: httpx.Client, database: Database) -> None:
    answer = api.get(submitted(api, database, 9) + "/importances").json()
    assert answer["trials"] == 9
    assert [each["importance"] for each in answer["importances"]] == [None, None]


def test_a_study_that_is_not_there_has_none(api: httpx.Client) -> None:
    problem_of(api.get("/v1/studies/nowhere/importances"), 404)
