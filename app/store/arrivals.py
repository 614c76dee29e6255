"""What came from outside and waits for a study's next round, in the order in which it came."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.store.models import Arrival


def add(session: Session, arrivals: Sequence[Arrival]) -> None:
    session.add_all(arrivals)
    session.flush()


def counts(session: Session, study_id: str) -> dict[str, int]:
    """How many wait to be tried, and how many to be learnt from."""
    query = select(Arrival.has_result, func.count()).where(Arrival.study_id == study_id).group_by(Arrival.has_result)
    found = {row[0]: row[1] for row in session.execute(query)}
    return {"enqueued": found.get(False, 0), "imported": found.get(True, 0)}


def page(session: Session, study_id: str, after: int, limit: int) -> Sequence[Arrival]:
    """Those that came after the one of this id."""
    query = select(Arrival).where(Arrival.study_id == study_id, Arrival.id > after)
    return session.scalars(query.order_by(Arrival.id).limit(limit)).all()


def take(session: Session, study_id: str, *, has_result: bool, limit: int | None = None) -> Sequence[Arrival]:
    """Return the first of them, which wait no more."""
    query = select(Arrival).where(Arrival.study_id == study_id, Arrival.has_result == has_result)
    taken = session.scalars(query.order_by(Arrival.id).limit(limit)).all()
    for arrival in taken:
        session.delete(arrival)
    return taken
