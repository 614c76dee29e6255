"""`/v1/studies/{id}/importances`: which parameters decide whether a trial is a good one."""

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.api.dependencies import TheDatabase
from app.api.strict import NO_QUERY
from app.store import studies, trials
from app.store.models import Study, Trial
from engine.search import Importance, Observation, SearchSpace, importances

router = APIRouter(prefix="/v1/studies/{study_id}/importances", tags=["studies"])


class ImportancesAnswer(BaseModel):
    """Shares of the variance over the whole space that each parameter alone explains (functional ANOVA)."""

    trials: int = Field(description="Trials that have ended, failed ones as the worst; cancelled ones do not count.")
    importances: list[Importance] = Field(
        description="The largest first. They sum to 1; null stands where fewer than ten trials have the parameter."
    )


@router.get("", dependencies=[NO_QUERY])
def get_importances(study_id: str, database: TheDatabase) -> ImportancesAnswer:
    with database.reading() as session:
        study = studies.get(session, study_id)
        ended = trials.ended(session, study_id)
    return ImportancesAnswer(trials=len(ended), importances=study_importances(study, ended))


def study_importances(study: Study, found: Sequence[Trial]) -> list[Importance]:
    observations = [Observation(trial.number, trial.values, trial.cost, trial.dev_loss) for trial in found]
    return importances(SearchSpace.from_json(study.search_space), observations)
