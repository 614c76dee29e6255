"""Which dispatcher may write. Each has an epoch of its own, checked in every one of its transactions."""

from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.store.models import Dispatcher
from app.store.times import now

THE_ROW = 1


class Superseded(Exception):
    """A newer dispatcher has taken over: this one must write nothing more."""


def take_over(session: Session, pid: int) -> int:
    """Become the dispatcher; returns the epoch that says so."""
    row = session.get(Dispatcher, THE_ROW)
    if row is None:
        row = Dispatcher(id=THE_ROW, epoch=0, pid=pid, beat_at=now())
        session.add(row)
    row.epoch, row.pid, row.beat_at = row.epoch + 1, pid, now()
    return row.epoch


def check(session: Session, epoch: int) -> None:
    """Raise Superseded unless `epoch` is the newest; otherwise leave a sign of life."""
    query = update(Dispatcher).where(Dispatcher.id == THE_ROW, Dispatcher.epoch == epoch).values(beat_at=now())
    if session.execute(query).rowcount != 1:  # type: ignore[attr-defined]
        raise Superseded


def last_beat(session: Session) -> timedelta | None:
    """How long ago the dispatcher gave a sign of life; None if there never was one."""
    row = session.get(Dispatcher, THE_ROW)
    return None if row is None else now() - row.beat_at
