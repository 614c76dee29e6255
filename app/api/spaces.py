"""`/v1/search-spaces`: stored, immutable."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Response, status
from pydantic import BaseModel, Field

from app.api.dependencies import TheDatabase
from app.api.pages import BY_ID, Page, PageQuery
from app.api.schemas import Document
from app.api.searched import check_conditions
from app.api.strict import NO_QUERY
from app.store import spaces
from app.store.models import SearchSpace as StoredSpace
from engine.search import SearchSpace

router = APIRouter(prefix="/v1/search-spaces", tags=["search spaces"])

EXAMPLE = {
    "name": "two-knobs",
    "parameters": [
        {"name": "learning_rate", "type": "float", "low": 0.0001, "high": 1, "scale": "log"},
        {"name": "hidden_units", "type": "int", "low": 16, "high": 100},
    ],
}


class SpaceAnswer(BaseModel):
    id: str
    name: str
    built_in: bool = Field(description="Ready-made: it is used by its name and cannot be deleted.")
    parameters: list[dict[str, Any]]
    created_at: datetime

    @classmethod
    def of(cls, space: StoredSpace) -> "SpaceAnswer":
        return cls(
            id=space.id,
            name=space.name,
            built_in=space.built_in,
            parameters=space.document["parameters"],
            created_at=space.created_at,
        )


@router.post("", status_code=status.HTTP_201_CREATED, dependencies=[NO_QUERY])
def create_space(
    document: Annotated[Document, Body(examples=[EXAMPLE])], database: TheDatabase, response: Response
) -> SpaceAnswer:
    space = SearchSpace.from_json(document)
    check_conditions(space)
    with database.writing() as session:
        stored = spaces.add(session, space.name or "unnamed", space.to_json())
    response.headers["Location"] = f"{router.prefix}/{stored.id}"
    return SpaceAnswer.of(stored)


@router.get("")
def list_spaces(query: Annotated[PageQuery, Query()], database: TheDatabase) -> Page[SpaceAnswer]:
    with database.reading() as session:
        found = spaces.page(session, query.after(BY_ID), query.limit)
    return query.page([SpaceAnswer.of(space) for space in found], found[-1].id if found else None)


@router.get("/{space_id}", dependencies=[NO_QUERY])
def get_space(space_id: str, database: TheDatabase) -> SpaceAnswer:
    with database.reading() as session:
        return SpaceAnswer.of(spaces.get(session, space_id))


@router.delete("/{space_id}", status_code=status.HTTP_204_NO_CONTENT, dependencies=[NO_QUERY])
def delete_space(space_id: str, database: TheDatabase) -> None:
    with database.writing() as session:
        spaces.delete(session, space_id)
