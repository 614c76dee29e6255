"""`/v1/studies`: submit a search job, poll it, stop it, take its answer."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response, status
from pydantic import Field

from app import model_files
from app.api.dependencies import TheDatabase, TheSettings
from app.api.export import export_json
from app.api.export_table import export_csv
from app.api.pages import BY_AGE, Page, PageQuery
from app.api.schemas import RoundAnswer, StudyAnswer, StudyRequest
from app.api.strict import NO_QUERY, StrictModel
from app.api.submission import study_from
from app.api.views import round_answer, study_answer
from app.lifecycle import EndedBy, StudyState
from app.store import rounds, studies

router = APIRouter(prefix="/v1/studies", tags=["studies"])


@router.post("", status_code=status.HTTP_201_CREATED, dependencies=[NO_QUERY])
def create_study(
    request: StudyRequest, database: TheDatabase, settings: TheSettings, response: Response
) -> StudyAnswer:
    with database.writing() as session:
        study = studies.add(session, study_from(request, session, settings.pack_bytes))
        answer = study_answer(session, study)
    response.headers["Location"] = f"{router.prefix}/{study.id}"
    return answer


@router.get("")
def list_studies(query: Annotated[PageQuery, Query()], database: TheDatabase) -> Page[StudyAnswer]:
    """The newest first."""
    with database.reading() as session:
        found = studies.page(session, query.after(BY_AGE), query.limit)
        items = [study_answer(session, study) for study in found]
    return query.page(items, studies.position(found[-1]) if found else None)


@router.get("/{study_id}", dependencies=[NO_QUERY])
def get_study(study_id: str, database: TheDatabase) -> StudyAnswer:
    with database.reading() as session:
        return study_answer(session, studies.get(session, study_id))


@router.post("/{study_id}/cancel", dependencies=[NO_QUERY])
def cancel_study(study_id: str, database: TheDatabase) -> StudyAnswer:
    """End it now: trials that have not ended are cancelled, what is done stays."""
    with database.writing() as session:
        study = studies.get(session, study_id)
        studies.end(session, study, StudyState.CANCELLED, EndedBy.CANCELLED)
        return study_answer(session, study)


@router.delete("/{study_id}", status_code=status.HTTP_204_NO_CONTENT, dependencies=[NO_QUERY])
def delete_study(study_id: str, database: TheDatabase, settings: TheSettings) -> None:
    with database.writing() as session:
        studies.delete(session, study_id)
    model_files.remove(settings.models_dir, study_id)


@router.get("/{study_id}/rounds", dependencies=[NO_QUERY])
def list_rounds(study_id: str, database: TheDatabase) -> Page[RoundAnswer]:
    """Each round's box, elites and the borders touched. A study has few: all come at once."""
    with database.reading() as session:
        study = studies.get(session, study_id)
        return Page(items=[round_answer(row, study) for row in rounds.of_study(session, study.id)], next_cursor=None)


class ExportQuery(StrictModel):
    format: Literal["json", "csv"] = Field("json", description="`csv`: the trials alone, a line for each.")


@router.get("/{study_id}/export")
def export_study(study_id: str, query: Annotated[ExportQuery, Query()], database: TheDatabase) -> Response:
    """The same bytes for the same study, for any number of workers and through any crash."""
    with database.reading() as session:
        study = studies.get(session, study_id)
        if query.format == "csv":
            return Response(export_csv(session, study), media_type="text/csv")
        return Response(export_json(session, study), media_type="application/json")
