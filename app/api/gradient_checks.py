"""`/v1/gradient-checks`: whether backpropagation computes the gradients of a network's cost."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from app.api.dependencies import TheDatabase
from app.api.limits import check_batch_size
from app.api.pages import BY_AGE, Page, PageQuery
from app.api.schemas import MAX_SEED, Document
from app.api.strict import NO_QUERY, StrictModel
from app.api.training import at, check_images, dataset_named
from app.api.views import told_of_job
from app.lifecycle import JobKind, JobState
from app.store import jobs
from app.store.models import Dataset, Job
from engine.training.data_shape import DataShape
from engine.training.effects import check_together
from engine.training.gradient_check import Verdict, require_checkable
from engine.training.plan import TrainingPlan
from engine.training.values import check_value

router = APIRouter(prefix="/v1/gradient-checks", tags=["gradient checks"])

MAX_EPOCHS = 1000


class GradientCheckRequest(StrictModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"dataset": "digits", "training": {"hidden_units": 20, "activation": "tanh"}}]}
    )

    dataset: str = Field(description="A dataset's id, or a built-in one's name: digits, breast-cancer, diabetes.")
    training: Document = Field(default_factory=dict, description="Training values; the rest has its defaults.")
    epochs: int = Field(
        0, ge=0, le=MAX_EPOCHS, description="Trained before, on the rows that are checked; 0: the initial weights."
    )
    seed: int = Field(0, ge=0, le=MAX_SEED, description="Draws the initial weights, and samples of large arrays.")


class ArrayAnswer(BaseModel):
    name: str = Field(description="W1, b1, W2, …; with batch norm beta1 and gamma1 in place of b1.")
    verdict: Verdict
    relative_error: float = Field(description="Against two-sided differences: right below 1e-6, wrong from 1e-3 on.")
    one_sided_error: float = Field(description="Against one-sided differences, which are less exact.")
    size: int = Field(description="Numbers that it holds.")
    checked: int = Field(description="Numbers compared: all of them, or a sample of 200.")
    skipped: int = Field(description="Numbers left out: a small change of theirs crosses a kink, as relu has one.")


class GradientCheckAnswer(BaseModel):
    id: str
    state: JobState
    dataset: str
    training: dict[str, Any]
    epochs: int
    seed: int
    verdict: Verdict | None = Field(description="The worst of the layers; null until it is known.")
    overall: ArrayAnswer | None = Field(description="All arrays taken together.")
    layers: list[ArrayAnswer] | None
    failure: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> "GradientCheckAnswer":
        return cls.model_validate(dict.fromkeys(cls.model_fields) | told_of_job(job) | {"dataset": job.dataset_id})


@router.post("", status_code=status.HTTP_202_ACCEPTED, dependencies=[NO_QUERY])
def create_gradient_check(
    request: GradientCheckRequest, database: TheDatabase, response: Response
) -> GradientCheckAnswer:
    """A worker compares the gradients of the first 32 training rows with numerical ones; ask `Location` for them."""
    with database.writing() as session:
        job = _add(session, request)
    response.headers["Location"] = f"{router.prefix}/{job.id}"
    return GradientCheckAnswer.of(job)


@router.get("")
def list_gradient_checks(query: Annotated[PageQuery, Query()], database: TheDatabase) -> Page[GradientCheckAnswer]:
    """The newest first."""
    with database.reading() as session:
        found = jobs.page(session, JobKind.GRADIENT_CHECK, query.after(BY_AGE), query.limit)
    return query.page([GradientCheckAnswer.of(job) for job in found], jobs.position(found[-1]) if found else None)


@router.get("/{check_id}", dependencies=[NO_QUERY])
def get_gradient_check(check_id: str, database: TheDatabase) -> GradientCheckAnswer:
    with database.reading() as session:
        return GradientCheckAnswer.of(jobs.get(session, check_id, JobKind.GRADIENT_CHECK))


def _add(session: Session, request: GradientCheckRequest) -> Job:
    with at():
        dataset = dataset_named(request.dataset, session)
    with at("training"):
        _check(request.training, dataset)
    asked = {"training": request.training, "epochs": request.epochs, "seed": request.seed}
    return jobs.add_gradient_check(session, dataset.id, asked)


def _check(training: dict[str, Any], dataset: Dataset) -> None:
    for name, value in training.items():
        check_value(name, value)
    check_together({name: (value,) for name, value in training.items()})
    check_images(training, dataset)
    if "batch_size" in training:
        check_batch_size(training["batch_size"], dataset)
    data = DataShape.described(dataset.description)
    require_checkable(TrainingPlan.from_values(training), data.features, data.outputs)
