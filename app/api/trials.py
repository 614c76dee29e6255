"""`/v1/studies/{id}/trials`: what was tried and what came of it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.dependencies import TheDatabase
from app.api.pages import BY_NUMBER, BY_VALUE, Page, PageQuery
from app.api.schemas import TrialAnswer, TrialDetail
from app.api.strict import NO_QUERY
from app.api.views import trial_answer, trial_detail
from app.lifecycle import TrialState
from app.store import curves, repeats, studies, trials

router = APIRouter(prefix="/v1/studies/{study_id}/trials", tags=["trials"])


class TrialQuery(PageQuery):
    state: Annotated[TrialState | None, Field(strict=False)] = None
    round: Annotated[int | None, Field(ge=0, lt=2**31, strict=False)] = None
    order_by: Literal["number", "value"] = Field("number", description="`value`: the best first.")


@router.get("")
def list_trials(study_id: str, query: Annotated[TrialQuery, Query()], database: TheDatabase) -> Page[TrialAnswer]:
    """Without learning curves."""
    by_value = query.order_by == "value"
    with database.reading() as session:
        study = studies.get(session, study_id)
        found = trials.page(
            session,
            study.id,
            state=query.state,
            round_number=query.round,
            by_value=by_value,
            after=query.after(BY_VALUE) if by_value else query.after(BY_NUMBER),
            limit=query.limit,
        )
    last = trials.position(found[-1], by_value=by_value) if found else None
    return query.page([trial_answer(trial, study) for trial in found], last)


@router.get("/{number}", dependencies=[NO_QUERY])
def get_trial(study_id: str, number: int, database: TheDatabase) -> TrialDetail:
    with database.reading() as session:
        study = studies.get(session, study_id)
        trial = trials.get(session, study.id, number)
        return trial_detail(trial, study, curves.of_trial(session, trial), repeats.of_trial(session, trial))
