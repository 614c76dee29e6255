"""Stored search spaces, immutable."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Conflict, NotFound
from app.store.ids import new_id
from app.store.models import SearchSpace, Study
from app.store.times import now


def add(session: Session, name: str, document: dict[str, Any], *, built_in: bool = False) -> SearchSpace:
    """A ready-made space's id is its name."""
    space = SearchSpace(
        id=name if built_in else new_id(), name=name, built_in=built_in, document=document, created_at=now()
    )
    session.add(space)
    return space


def get(session: Session, space_id: str) -> SearchSpace:
    space = session.get(SearchSpace, space_id)
    if space is None:
        raise NotFound(f"there is no search space {space_id!r}")
    return space


def known_ids(session: Session) -> Sequence[str]:
    return session.scalars(select(SearchSpace.id)).all()


def page(session: Session, after: str | None, limit: int) -> Sequence[SearchSpace]:
    query = select(SearchSpace).order_by(SearchSpace.id).limit(limit)
    return session.scalars(query if after is None else query.where(SearchSpace.id > after)).all()


def delete(session: Session, space_id: str) -> None:
    space = get(session, space_id)
    if space.built_in:
        raise Conflict(f"search space {space_id!r} is ready-made and cannot be deleted")
    users = session.scalars(select(Study.name).where(Study.search_space_id == space_id).limit(3)).all()
    if users:
        raise Conflict(f"search space {space_id!r} is in use by study {', '.join(map(repr, users))}: delete that first")
    session.delete(space)
