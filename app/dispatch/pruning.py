"""The stop curve that a round gets, from the trials of those before it."""

from sqlalchemy.orm import Session

from app.store import trials
from app.store.models import Round, Study
from engine.search import pruning_from_json
from engine.training.metrics import METRICS


def stop_curve(session: Session, study: Study, last: Round) -> list[float | None] | None:
    """The limit of the study's metric by epoch for the round after `last`, which has ended; None: nobody is pruned."""
    if study.pruning is None:
        return None
    pruning = pruning_from_json(study.pruning)
    elites = trials.ranked(session, study.id, max(len(last.elites or ()), pruning.min_elites))
    curves = trials.curves_of(session, study.id, [trial.number for trial in elites])
    turn = METRICS[study.objective["metric"]].cost  # which turns a cost back as well
    limits = pruning.limits([[turn(value) for value in curves[trial.number].points["dev"]] for trial in elites])
    return [None if limit is None else turn(limit) for limit in limits] or None
