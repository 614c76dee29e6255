"""Datasets: rows that name a folder by its content hash."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import Conflict, NotFound
from app.store.ids import new_id
from app.store.models import Dataset, Study
from app.store.times import now


def add(
    session: Session, name: str, content_hash: str, description: dict[str, Any], *, built_in: bool = False
) -> Dataset:
    """A built-in dataset's id is its name, so that everyone can refer to it."""
    dataset = Dataset(
        id=name if built_in else new_id(),
        name=name,
        built_in=built_in,
        content_hash=content_hash,
        description=description,
        created_at=now(),
    )
    session.add(dataset)
    return dataset


def get(session: Session, dataset_id: str) -> Dataset:
    dataset = session.get(Dataset, dataset_id)
    if dataset is None:
        raise NotFound(f"there is no dataset {dataset_id!r}")
    return dataset


def known_ids(session: Session) -> Sequence[str]:
    return session.scalars(select(Dataset.id)).all()


def page(session: Session, after: str | None, limit: int) -> Sequence[Dataset]:
    query = select(Dataset).order_by(Dataset.id).limit(limit)
    return session.scalars(query if after is None else query.where(Dataset.id > after)).all()


def delete(session: Session, dataset_id: str) -> Dataset:
    """Remove the row; the folder may be removed once no other row names it (`is_stored`)."""
    dataset = get(session, dataset_id)
    if dataset.built_in:
        raise Conflict(f"dataset {dataset_id!r} is built in and cannot be deleted")
    users = session.scalars(select(Study.name).where(Study.dataset_id == dataset_id).limit(3)).all()
    if users:
        raise Conflict(f"dataset {dataset_id!r} is in use by study {', '.join(map(repr, users))}: delete that first")
    session.delete(dataset)
    return dataset


def is_stored(session: Session, content_hash: str) -> bool:
    query = select(func.count()).where(Dataset.content_hash == content_hash)
    return session.scalar(query) != 0
