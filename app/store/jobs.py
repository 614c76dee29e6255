"""Jobs: what workers do besides trials, the oldest first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, not_, select, tuple_
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.lifecycle import JOB_LIFE, JobKind, JobState
from app.store.ids import new_id
from app.store.models import Job, Study
from app.store.times import now

MAX_ATTEMPTS = 3


def add_gradient_check(session: Session, dataset_id: str, request: dict[str, Any]) -> Job:
    return _add(session, Job(kind=JobKind.GRADIENT_CHECK, dataset_id=dataset_id, request=request))


def add_model(session: Session, study: Study) -> Job:
    return _add(session, Job(kind=JobKind.MODEL, dataset_id=study.dataset_id, study_id=study.id, request={}))


def add_test(session: Session, study: Study, trial: int) -> Job:
    """Let the winner, which is this trial, be evaluated on the test rows."""
    request = {"trial": trial}
    return _add(session, Job(kind=JobKind.TEST, dataset_id=study.dataset_id, study_id=study.id, request=request))


def _add(session: Session, job: Job) -> Job:
    job.id = new_id()
    job.state = JobState.WAITING
    job.attempts = 0
    job.created_at = now()
    session.add(job)
    return job


def get(session: Session, job_id: str, kind: JobKind) -> Job:
    job = session.get(Job, job_id)
    if job is None or job.kind is not kind:
        raise NotFound(f"there is no {kind.replace('_', ' ')} {job_id!r}")
    return job


def page(session: Session, kind: JobKind, after: tuple[datetime, str] | None, limit: int) -> Sequence[Job]:
    """The newest first; `after` is the `position` of the last job of the page before."""
    query = select(Job).where(Job.kind == kind).order_by(Job.created_at.desc(), Job.id.desc()).limit(limit)
    if after is not None:
        query = query.where(tuple_(Job.created_at, Job.id) < tuple_(*after))
    return session.scalars(query).all()


def position(job: Job) -> tuple[datetime, str]:
    """Where a job stands in the order of `page`."""
    return job.created_at, job.id


def model_of(session: Session, study_id: str) -> Job | None:
    """The job that makes the model of a study, which has one at most."""
    query = select(Job).where(Job.study_id == study_id, Job.kind == JobKind.MODEL)
    return session.scalars(query).one_or_none()


def tests_of(session: Session, study_id: str) -> Sequence[Job]:
    """The oldest first."""
    query = select(Job).where(Job.study_id == study_id, Job.kind == JobKind.TEST)
    return session.scalars(query.order_by(Job.created_at, Job.id)).all()


def delete_of_winner(session: Session, study_id: str) -> None:
    """Drop what is made of a study's winner; a worker that makes it is ended. Looks that were revealed stay."""
    is_revealed = and_(Job.kind == JobKind.TEST, Job.state == JobState.COMPLETE)
    session.execute(delete(Job).where(Job.study_id == study_id, not_(is_revealed)))


def next_waiting(session: Session) -> Job | None:
    query = select(Job).where(Job.state == JobState.WAITING).order_by(Job.created_at, Job.id)
    return session.scalars(query.limit(1)).first()


def running(session: Session) -> Sequence[Job]:
    return session.scalars(select(Job).where(Job.state == JobState.RUNNING)).all()


def start(job: Job, pid: int, process_started: str) -> None:
    _move(job, JobState.RUNNING)
    job.pid, job.process_started = pid, process_started
    job.started_at = now()


def complete(job: Job, result: dict[str, Any]) -> None:
    job.attempts += 1
    job.result = result
    _move(job, JobState.COMPLETE)


def fail(job: Job, failure: str) -> None:
    """Without another attempt, since it would come to the same again."""
    job.attempts += 1
    job.failure = failure
    _move(job, JobState.FAILED)


def lose(job: Job, failure: str) -> None:
    """Its worker came to nothing: it waits again, or fails with `failure` if that was its last attempt."""
    if job.attempts + 1 == MAX_ATTEMPTS:
        fail(job, failure)
    else:
        job.attempts += 1
        give_back(job)


def give_back(job: Job) -> None:
    """A running job whose worker is gone waits again."""
    _move(job, JobState.WAITING)
    job.started_at = None


def _move(job: Job, state: JobState) -> None:
    if not JOB_LIFE.allows(job.state, state):
        raise RuntimeError(f"job {job.id} is {job.state} and cannot become {state}")
    job.state = state
    job.pid = job.process_started = None
    if state in JOB_LIFE.ends:
        job.finished_at = now()
