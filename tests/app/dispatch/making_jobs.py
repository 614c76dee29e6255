"""Jobs made by hand, and what became of them."""

from typing import Any

from app.dispatch.messages import Checked
from app.dispatch.recording import record
from app.lifecycle import EndedBy, JobKind, JobState, StudyState
from app.store import jobs, studies, trials
from app.store.database import Database
from app.store.models import Job
from engine.training.gradient_check import Check, GradientCheck
from tests.app.dispatch.making import add_running_study, finished

WAITING, RUNNING, COMPLETE, FAILED = JobState

RIGHT = Check("W1", 1e-9, 1e-5, size=30, checked=29, skipped=1)
WRONG = Check("b1", 0.5, 0.5, size=3, checked=3, skipped=0)
CHECKED = Checked(GradientCheck([RIGHT, WRONG], RIGHT))


def add_check(database: Database, **changes: Any) -> str:
    request = {"training": {"hidden_units": 3}, "epochs": 2, "seed": 1} | changes
    with database.writing() as session:
        return jobs.add_gradient_check(session, "digits", request).id


def add_model(database: Database) -> str:
    """A complete study, and the job that makes its model; returns the study's id."""
    study_id = add_complete_study(database)
    with database.writing() as session:
        jobs.add_model(session, studies.get(session, study_id))
    return study_id


def add_complete_study(database: Database) -> str:
    """A study whose one trial came to a value; returns its id."""
    study_id = add_running_study(database, trials=1)
    with database.writing() as session:
        study = studies.get(session, study_id)
        trials.start(study, trials.get(session, study_id, 0), 1, "key")
        session.flush()
        record(session, study_id, [0], finished(0, value=0.25), was_alone=True)
        studies.end(session, study, StudyState.COMPLETE, EndedBy.BUDGET)
    return study_id


def model_job(database: Database, study_id: str) -> Job:
    with database.reading() as session:
        job = jobs.model_of(session, study_id)
    assert job is not None
    return job


def job_of(database: Database, job_id: str) -> Job:
    with database.reading() as session:
        return jobs.get(session, job_id, JobKind.GRADIENT_CHECK)


def states(database: Database, *job_ids: str) -> list[JobState]:
    return [job_of(database, job_id).state for job_id in job_ids]
