"""`/v1/studies/{id}/test` and `…/tests`: the winner of a complete study on the guarded test rows.

A worker trains the winner again, to the same bits, and evaluates it. The rows of the test split have had no part in the
search, and tell what to expect of new rows as long as nobody chooses by them: so each result that is revealed is
counted, in the transaction that reveals it.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response, status
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.api.dependencies import TheDatabase
from app.api.pages import Page
from app.api.strict import NO_QUERY
from app.api.views import told_of_job
from app.confirming import winner_of_study
from app.errors import Conflict, NotFound
from app.lifecycle import JOB_LIFE, JobKind, JobState
from app.store import jobs, studies
from app.store.models import Job, Study

router = APIRouter(prefix="/v1/studies/{study_id}", tags=["test rows"])

Interval = Annotated[tuple[float, float], Field(description="Where the value on endlessly many such rows lies, 95 %.")]


class LookAnswer(BaseModel):
    id: str
    state: JobState
    trial: int = Field(description="The winner, as its first training left it.")
    metric: str
    value: float | None = Field(description="On the test rows; null until it is known.")
    interval: Interval | None
    rows: int | None
    metrics: dict[str, float] | None = Field(description="Every metric of the task and the mean loss.")
    look: int | None = Field(description="Which look at the test rows this was, from 1 on.")
    failure: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Job, study: Study) -> "LookAnswer":
        return cls.model_validate(
            dict.fromkeys(cls.model_fields) | told_of_job(job) | {"metric": study.objective["metric"]}
        )


@router.post(
    "/test",
    status_code=status.HTTP_202_ACCEPTED,
    responses={409: {"description": "The study is not complete."}},
    dependencies=[NO_QUERY],
)
def test_winner(study_id: str, database: TheDatabase, response: Response) -> LookAnswer:
    """Let the winner be evaluated on the test rows; ask `Location` for the result. Whoever asks meanwhile shares it."""
    with database.writing() as session:
        study = studies.get(session, study_id)
        job = _under_way(session, study) or _add(session, study)
    response.headers["Location"] = f"/v1/studies/{study.id}/tests/{job.id}"
    return LookAnswer.of(job, study)


@router.get("/tests", dependencies=[NO_QUERY])
def list_tests(study_id: str, database: TheDatabase) -> Page[LookAnswer]:
    """The oldest first. A study has few: all come at once."""
    with database.reading() as session:
        study = studies.get(session, study_id)
        items = [LookAnswer.of(job, study) for job in jobs.tests_of(session, study.id)]
    return Page(items=items, next_cursor=None)


@router.get("/tests/{test_id}", dependencies=[NO_QUERY])
def get_test(study_id: str, test_id: str, database: TheDatabase) -> LookAnswer:
    with database.reading() as session:
        study, job = studies.get(session, study_id), jobs.get(session, test_id, JobKind.TEST)
        if job.study_id != study.id:
            raise NotFound(f"study {study_id!r} has no test {test_id!r}")
        return LookAnswer.of(job, study)


def _under_way(session: Session, study: Study) -> Job | None:
    return next((job for job in jobs.tests_of(session, study.id) if job.state not in JOB_LIFE.ends), None)


def _add(session: Session, study: Study) -> Job:
    winner = winner_of_study(session, study)
    if winner is None:
        raise Conflict(f"study {study.id!r} is {study.state}: only the winner of a complete study is tested")
    return jobs.add_test(session, study, winner.trial.number)
