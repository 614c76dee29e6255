"""Jobs as rows: what may become of them."""

import pytest

from app.errors import NotFound
from app.lifecycle import JobKind, JobState
from app.store import datasets, jobs, studies
from app.store.database import Database
from app.store.models import Job
from tests.app.store.rows import new_study


def add(database: Database) -> Job:
    with database.writing() as session:
        return jobs.add_gradient_check(session, "digits", {})


def test_an_illegal_step_is_a_fault_and_changes_nothing(database: Database) -> None:
    job = add(database)
    with pytest.raises(RuntimeError, match="is waiting and cannot become complete"), database.writing() as session:
        jobs.complete(jobs.get(session, job.id, JobKind.GRADIENT_CHECK), {})
    with database.reading() as session:
        found = jobs.get(session, job.id, JobKind.GRADIENT_CHECK)
        assert (found.state, found.attempts, found.result) == (JobState.WAITING, 0, None)


def test_a_job_is_found_under_its_own_kind_alone(database: Database) -> None:
    job = add(database)
    with database.reading() as session, pytest.raises(NotFound, match="there is no model"):
        jobs.get(session, job.id, JobKind.MODEL)


def test_a_model_job_goes_with_its_study(database: Database) -> None:
    with database.writing() as session:
        study = new_study(session)
        session.flush()
        job = jobs.add_model(session, study)
        session.flush()
        assert jobs.model_of(session, study.id) is job
    with database.writing() as session:
        session.delete(studies.get(session, study.id))
    with database.reading() as session:
        assert jobs.model_of(session, study.id) is None
        assert jobs.next_waiting(session) is None
        assert datasets.get(session, "digits")
