"""`POST /v1/studies/{id}/trials` and `…/extend`: what a person adds to a study on its way; `…/arrivals`: what waits.

Nothing of it changes a round that is open: it takes effect when the next one opens, which the round records.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from app import model_files, schedule
from app.api.dependencies import TheDatabase, TheSettings
from app.api.pages import BY_NUMBER, Page, PageQuery
from app.api.schemas import MAX_TRIALS, Document, StudyAnswer
from app.api.strict import NO_QUERY, StrictModel
from app.api.training import at
from app.api.views import study_answer
from app.errors import Conflict, InvalidInput
from app.lifecycle import StudyState
from app.store import arrivals, studies
from app.store.models import Arrival, Study
from engine.errors import InvalidField
from engine.search import SearchSpace
from engine.search.assignment import read_values
from engine.training.metrics import METRICS

router = APIRouter(prefix="/v1/studies/{study_id}", tags=["studies"])

MAX_ARRIVALS = 10_000  # of each kind that may wait at a time
CLOSED = (StudyState.FAILED, StudyState.CANCELLED)


class EnqueuedTrial(StrictModel):
    values: Document = Field(description="One for each parameter whose conditions hold.")


class ImportedTrial(StrictModel):
    values: Document = Field(description="One for each parameter whose conditions hold.")
    value: float | None = Field(description="The study's metric on the dev rows; null: the trial had failed.")
    dev_loss: float | None = Field(None, ge=0, description="Decides between equal values.")


class ArrivalsRequest(StrictModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "enqueued": [{"values": {"learning_rate": 0.01, "hidden_units": 32}}],
                    "imported": [{"values": {"learning_rate": 0.1, "hidden_units": 64}, "value": 0.031}],
                }
            ]
        }
    )

    enqueued: Annotated[list[EnqueuedTrial], Field(max_length=MAX_ARRIVALS)] = Field(
        default_factory=list, description="To try first in the next round, as part of the budget."
    )
    imported: Annotated[list[ImportedTrial], Field(max_length=MAX_ARRIVALS)] = Field(
        default_factory=list, description="Results to learn from from the next round on, beside the budget."
    )


class ArrivalsAnswer(BaseModel):
    enqueued: int = Field(description="Values that wait to be tried.")
    imported: int = Field(description="Results that wait to be learnt from.")
    round: int | None = Field(description="They take effect when it opens; null: none will, unless it is extended.")


class ArrivalAnswer(BaseModel):
    kind: Literal["enqueued", "imported"]
    values: dict[str, Any]
    value: float | None = Field(description="Of an imported trial; null if that had failed.")
    dev_loss: float | None

    @classmethod
    def of(cls, arrival: Arrival) -> "ArrivalAnswer":
        return cls(
            kind="imported" if arrival.has_result else "enqueued",
            values=arrival.values,
            value=arrival.value,
            dev_loss=arrival.dev_loss,
        )


class ExtensionRequest(StrictModel):
    trials: int = Field(ge=1, le=MAX_TRIALS, description="How many more.")


@router.post("/trials", status_code=status.HTTP_202_ACCEPTED, dependencies=[NO_QUERY])
def add_trials(study_id: str, request: ArrivalsRequest, database: TheDatabase, response: Response) -> ArrivalsAnswer:
    """Enqueue values of your own, or import finished trials. `Location` lists what waits."""
    if not request.enqueued and not request.imported:
        raise InvalidInput.at("", "`enqueued` or `imported` must hold a trial, but both are empty")
    with database.writing() as session:
        study = studies.get(session, study_id)
        if study.state in CLOSED:
            raise Conflict(f"study {study_id!r} is {study.state}: no round of it will open any more")
        arrivals.add(session, _arrivals(request, study))
        study.version += 1
        answer = _waiting(session, study)
        _check_room(answer)
    response.headers["Location"] = f"/v1/studies/{study_id}/arrivals"
    return answer


@router.get("/arrivals")
def list_arrivals(study_id: str, query: Annotated[PageQuery, Query()], database: TheDatabase) -> Page[ArrivalAnswer]:
    """What waits for a round to open, in the order in which it came."""
    [after] = query.after(BY_NUMBER) or [0]
    with database.reading() as session:
        study = studies.get(session, study_id)
        found = arrivals.page(session, study.id, after, query.limit)
    return query.page([ArrivalAnswer.of(arrival) for arrival in found], [found[-1].id] if found else None)


@router.post("/extend", dependencies=[NO_QUERY])
def extend_study(study_id: str, request: ExtensionRequest, database: TheDatabase, settings: TheSettings) -> StudyAnswer:
    """Let a complete study go on with more rounds, as large as its last one. Its model is made anew when asked for."""
    with database.writing() as session:
        study = studies.get(session, study_id)
        if study.trials + request.trials > MAX_TRIALS:
            message = (
                f"`trials` must leave the whole study at most {MAX_TRIALS} trials, but got {request.trials} more than "
                f"its {study.trials}"
            )
            raise InvalidInput.at("/trials", message)
        studies.extend(session, study, request.trials)
        answer = study_answer(session, study)
    model_files.remove(settings.models_dir, study_id)
    return answer


def _arrivals(request: ArrivalsRequest, study: Study) -> list[Arrival]:
    """Raises InvalidInput with a pointer into the request."""
    space = SearchSpace.from_json(study.search_space)
    metric = METRICS[study.objective["metric"]]
    found = []
    for place, trial in enumerate(request.enqueued):
        with at("enqueued", place, "values"):
            values: dict[str, Any] = read_values(space, trial.values)
        found.append(Arrival(study_id=study.id, values=values, has_result=False))
    for place, result in enumerate(request.imported):
        with at("imported", place, "values"):
            values = read_values(space, result.values)
        with at("imported", place):
            if result.value is not None and not metric.lowest <= result.value <= metric.highest:
                rule = f"`value` must lie from {metric.lowest:g} to {metric.highest:g}, as each {metric.name} does"
                raise InvalidField(("value",), f"{rule}, but got {result.value!r}")
        found.append(
            Arrival(study_id=study.id, values=values, has_result=True, value=result.value, dev_loss=result.dev_loss)
        )
    return found


def _waiting(session: Session, study: Study) -> ArrivalsAnswer:
    following = 0 if study.round is None else study.round + 1
    will_open = study.state is not StudyState.COMPLETE and following < schedule.round_count(session, study)
    return ArrivalsAnswer(**arrivals.counts(session, study.id), round=following if will_open else None)


def _check_room(waiting: ArrivalsAnswer) -> None:
    for kind, count in (("enqueued", waiting.enqueued), ("imported", waiting.imported)):
        if count > MAX_ARRIVALS:
            message = f"`{kind}` may hold so many that at most {MAX_ARRIVALS} wait, but with these it were {count}"
            raise InvalidInput.at(f"/{kind}", message)
