"""The rounds of a study: those that its strategy asks for, and after an extension what has become of them."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.confirming import searched_trials
from app.store import rounds
from app.store.models import Round, Study
from engine.search import strategy_from_json
from engine.search.schedule import extended


def round_sizes(study: Study, past: Sequence[Round]) -> tuple[int, ...]:
    """Of all rounds, those to come included. `past` are those that have opened."""
    if not study.extensions:
        return strategy_from_json(study.strategy).round_sizes(searched_trials(study))
    latest = study.extensions[-1]
    return extended(tuple(row.trials for row in past[: latest["round"]]), latest["trials"])


def round_count(session: Session, study: Study) -> int:
    """How many rounds there are in all, those to come included."""
    return len(round_sizes(study, rounds.of_study(session, study.id) if study.extensions else ()))
