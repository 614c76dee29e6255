"""Repeats: finalists trained again, as rows among the trials, numbered -1, -2, … in the order in which they came."""

from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.lifecycle import TrialState
from app.store import trials
from app.store.models import Study, Trial


def add(session: Session, study: Study, finalists: Sequence[Trial], repeats: int) -> int:
    """Let finalists be trained again, as often as they have not been already; returns how many repeats that makes."""
    past = session.scalars(_of(study.id)).all()
    made = {(repeat.repeat_of, repeat.repeat) for repeat in past if repeat.state is not TrialState.CANCELLED}
    wanted = ((trial, place) for trial in finalists for place in range(1, repeats + 1))
    places = [(trial, place) for trial, place in wanted if (trial.number, place) not in made]
    added = [
        trials.new(study, -number, trial.round, trial.values, repeat_of=trial.number, repeat=place)
        for number, (trial, place) in enumerate(places, start=len(past) + 1)
    ]
    trials.let_wait(session, study, added)
    return len(added)


def by_finalist(session: Session, study_id: str) -> dict[int, list[Trial]]:
    """The repeats of each finalist, by its number."""
    found: dict[int, list[Trial]] = {}
    for repeat in session.scalars(_of(study_id)):
        assert repeat.repeat_of is not None
        found.setdefault(repeat.repeat_of, []).append(repeat)
    return found


def of_trial(session: Session, trial: Trial) -> Sequence[Trial]:
    return session.scalars(_of(trial.study_id).where(Trial.repeat_of == trial.number)).all()


def _of(study_id: str) -> Select[Trial]:
    """In order; of one that was cancelled and the one that made up for it the earlier first."""
    query = select(Trial).where(Trial.study_id == study_id, Trial.repeat_of.is_not(None))
    return query.order_by(Trial.repeat_of, Trial.repeat, Trial.number.desc())
