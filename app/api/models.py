"""`/v1/studies/{id}/model` and `…/predict`: the winner of a complete study, to take along or to ask here.

The winner is trained again by a worker, to the same bits, when somebody first asks for it. Until it is there the answer
is 503 with `Retry-After`, which `curl --retry` understands.
"""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from app import model_files
from app.api.dependencies import TheDatabase, TheSettings
from app.api.strict import NO_QUERY, StrictModel
from app.errors import Conflict, NotReady
from app.lifecycle import JobState, StudyState
from app.settings import Settings
from app.store import jobs, studies
from app.store.database import Database
from app.store.models import Study

if TYPE_CHECKING:  # it loads pandas, a second of every start of the API
    from app.tables.predictor import Predictor

router = APIRouter(prefix="/v1/studies/{study_id}", tags=["models"])

MAX_ROWS = 1000  # as many as most tables fit into a body of a mebibyte
CACHED_MODELS = 4  # the largest takes 0.7 GB
RESPONSES: dict[int | str, dict[str, Any]] = {
    409: {"description": "The study is not complete, or its model could not be made."},
    503: {"description": "The model is being made: ask again after `Retry-After` seconds."},
}


class PredictionRequest(StrictModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"rows": [{"size": 71, "district": "harbour"}]}]})

    rows: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_ROWS)] = Field(
        description="As in the table, without the target: numbers, texts, and null for what is missing."
    )


class ClassAnswer(BaseModel):
    class_: str = Field(serialization_alias="class", validation_alias="class")
    probabilities: dict[str, float]


class ValueAnswer(BaseModel):
    value: float = Field(description="In the target's own units.")


class PredictionAnswer(BaseModel):
    predictions: list[ClassAnswer] | list[ValueAnswer] = Field(description="In the order of the rows.")


@router.get(
    "/model",
    response_class=FileResponse,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "An NPZ file."}, **RESPONSES},
    dependencies=[NO_QUERY],
)
def get_model(study_id: str, database: TheDatabase, settings: TheSettings) -> FileResponse:
    """The winner as an NPZ file without pickled objects, for NumPy alone: weights, scales, and how rows are encoded."""
    file = _made(study_id, database, settings)
    return FileResponse(file, media_type="application/octet-stream", filename=file.name)


@router.post("/predict", responses=RESPONSES, dependencies=[NO_QUERY])
def predict(
    study_id: str, request: PredictionRequest, database: TheDatabase, settings: TheSettings
) -> PredictionAnswer:
    """What the winner answers for raw rows."""
    file = _made(study_id, database, settings)
    predictor = _predictor(file, file.stat().st_mtime_ns)
    return PredictionAnswer.model_validate({"predictions": predictor.predict(request.rows)})


@lru_cache(CACHED_MODELS)
def _predictor(file: Path, written_at: int) -> "Predictor":
    from app.tables.predictor import Predictor

    del written_at  # another time means another file
    return Predictor.load(file)


def _made(study_id: str, database: Database, settings: Settings) -> Path:
    """The file of a study's model. Raises NotReady until it is made, and Conflict if it cannot be."""
    with database.reading() as session:
        study = _complete_study(session, study_id)
        job = jobs.model_of(session, study_id)
        file = model_files.place_of(settings.models_dir, study.id)
        if job is not None and job.state is JobState.COMPLETE and file.exists():
            return file
    with database.writing() as session:
        failure = _ask_for(session, _complete_study(session, study_id), file)
    if failure is not None:
        raise Conflict(f"the model of study {study_id!r} could not be made ({failure}); ask again to try once more")
    raise NotReady(f"the model of study {study_id!r} is being made: ask again in a second")


def _complete_study(session: Session, study_id: str) -> Study:
    study = studies.get(session, study_id)
    if study.state is not StudyState.COMPLETE:
        raise Conflict(f"study {study_id!r} is {study.state}: only a complete study has a model")
    return study


def _ask_for(session: Session, study: Study, file: Path) -> str | None:
    """Let a model be made, if none is being made. Returns why the last attempt failed, which is told once."""
    job = jobs.model_of(session, study.id)
    if job is None:
        jobs.add_model(session, study)
    elif job.state is JobState.FAILED:
        session.delete(job)
        return job.failure
    elif job.state is JobState.COMPLETE and not file.exists():  # somebody has taken it away
        session.delete(job)
        session.flush()
        jobs.add_model(session, study)
    return None
