"""Studies: the rows everything else hangs on. Whoever changes one raises its version in the same transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from app.errors import Conflict, NotFound
from app.lifecycle import STUDY_LIFE, EndedBy, StudyState, TrialState
from app.store import jobs, rounds, trials
from app.store.ids import new_id
from app.store.models import Dataset, Study
from app.store.times import now


def add(session: Session, study: Study) -> Study:
    """Store a new study, which brings all but what every study starts with."""
    study.id = new_id()
    study.state = StudyState.QUEUED
    study.version = 1
    study.counts = dict.fromkeys(TrialState, 0)
    study.packs_sent = study.trials_sent = study.epochs_saved = 0
    study.warnings = []
    study.extensions = []
    study.created_at = now()
    session.add(study)
    return study


def get(session: Session, study_id: str) -> Study:
    study = session.get(Study, study_id)
    if study is None:
        raise NotFound(f"there is no study {study_id!r}")
    return study


def known_ids(session: Session) -> Sequence[str]:
    return session.scalars(select(Study.id)).all()


def page(session: Session, after: tuple[datetime, str] | None, limit: int) -> Sequence[Study]:
    """The newest first; `after` is the `position` of the last study of the page before."""
    query = select(Study).order_by(Study.created_at.desc(), Study.id.desc()).limit(limit)
    if after is not None:
        query = query.where(tuple_(Study.created_at, Study.id) < tuple_(*after))
    return session.scalars(query).all()


def position(study: Study) -> tuple[datetime, str]:
    """Where a study stands in the order of `page`."""
    return study.created_at, study.id


def unfinished(session: Session) -> Sequence[Study]:
    """Studies that want the dispatcher, the oldest first."""
    query = select(Study).where(Study.state.in_((StudyState.QUEUED, StudyState.RUNNING)))
    return session.scalars(query.order_by(Study.created_at, Study.id)).all()


def dataset(session: Session, study: Study) -> Dataset:
    return session.get_one(Dataset, study.dataset_id)


def start(study: Study, environment: dict[str, Any]) -> None:
    study.version += 1
    study.environment = environment
    study.state = StudyState.RUNNING
    study.started_at = now()


def count_pack(study: Study, members: int) -> None:
    """A pack of the study is sent. The caller has raised the study's version."""
    study.packs_sent += 1
    study.trials_sent += members


def end(session: Session, study: Study, state: StudyState, by: EndedBy, failure: str | None = None) -> None:
    """Bring a study to one of its ends; trials that have none yet are cancelled."""
    if not STUDY_LIFE.allows(study.state, state):
        raise Conflict(f"study {study.id!r} is {study.state} and cannot become {state}")
    study.version += 1
    trials.cancel_unfinished(session, study)
    study.state = state
    study.ended_by = by
    study.failure = failure
    study.finished_at = now()


def extend(session: Session, study: Study, trials_more: int) -> None:
    """Let a complete study go on with more trials. What was made of its winner goes, as the winner may change."""
    if study.state is not StudyState.COMPLETE:
        raise Conflict(f"study {study.id!r} is {study.state}: only a complete study can be extended")
    study.version += 1
    study.extensions = [*study.extensions, {"trials": trials_more, "round": (study.round or 0) + 1}]
    study.trials = _proposed(study) + trials_more
    study.finalists = None
    rounds.cut(session, study)
    study.state = StudyState.RUNNING
    study.ended_by = study.finished_at = None
    study.started_at = now()  # `max_seconds` counts anew
    jobs.delete_of_winner(session, study.id)


def _proposed(study: Study) -> int:
    return sum(study.counts.values()) - study.counts[TrialState.IMPORTED]


def delete(session: Session, study_id: str) -> None:
    study = get(session, study_id)
    if study.state not in STUDY_LIFE.ends:
        raise Conflict(f"study {study_id!r} is {study.state}: cancel it before you delete it")
    session.delete(study)
