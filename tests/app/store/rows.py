"""Rows to begin with, made by the store's own functions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.lifecycle import StudyState
from app.store import rounds, studies, trials
from app.store.models import Study, Trial


def new_study(session: Session, **fields: Any) -> Study:
    """A queued study on built-in data."""
    defaults: dict[str, Any] = {
        "name": "study",
        "seed": 0,
        "dataset_id": "digits",
        "search_space": {"name": None, "parameters": []},
        "objective": {
            "type": "mlp",
            "dataset": "digits",
            "metric": "error_rate",
            "base_error": 0.0,
            "high_gap": 0.02,
            "seeds": 1,
            "training": {},
        },
        "strategy": {"type": "random"},
        "trials": 10,
        "trial_timeout_seconds": 60.0,
        "max_attempts": 3,
    }
    return studies.add(session, Study(**defaults | fields))


def running_study(session: Session, trials_waiting: int) -> tuple[Study, Sequence[Trial]]:
    """A study in its first round."""
    study = new_study(session, trials=trials_waiting)
    session.flush()
    studies.start(study, {})
    rounds.open_next(session, study, {}, [{"x": number} for number in range(trials_waiting)])
    session.flush()
    assert study.state is StudyState.RUNNING
    return study, trials.every(session, study.id)
