"""What came from outside and waits for a study's next round, in the order in which it came."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.store.models import Arrival


def add(session: Session, arrivals: Sequence[Arrival]) -> None:
    session.add_all(arrivals)
    session.flush()


def count(session: Session, study_id: str, *, has_result: bool) -> int:
    query = select(func.count()).where(Arrival.study_id == study_id, Arrival.has_result == has_result)
    return session.scalar(query) or 0


def take(session: Session, study_id: str, *, has_result: bool, limit: int | None = None) -> Sequence[Arrival]:
    """Return the first of them, which wait no more."""
    query = select(Arrival).where(Arrival.study_id == study_id, Arrival.has_result == has_result)
    taken = session.scalars(query.order_by(Arrival.id).limit(limit)).all()
    for arrival in taken:
        session.delete(arrival)
    return taken
