"""Packs that are training: what a new dispatcher must end before it gives their trials back."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.store.models import Pack
from app.store.times import now


def add(session: Session, study_id: str, numbers: Sequence[int], pid: int, process_started: str) -> Pack:
    pack = Pack(study_id=study_id, numbers=list(numbers), pid=pid, process_started=process_started, sent_at=now())
    session.add(pack)
    session.flush()
    return pack


def every(session: Session) -> Sequence[Pack]:
    return session.scalars(select(Pack).order_by(Pack.id)).all()


def remove(session: Session, pack_id: int) -> None:
    session.execute(delete(Pack).where(Pack.id == pack_id))
