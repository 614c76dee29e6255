"""`/v1/search-spaces`: stored, immutable, and what each would draw."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Response, status
from pydantic import BaseModel, Field

from app.api.dependencies import TheDatabase
from app.api.pages import BY_ID, Page, PageQuery
from app.api.schemas import MAX_SEED, Document
from app.api.searched import check_conditions
from app.api.strict import NO_QUERY, StrictModel
from app.store import spaces
from app.store.models import SearchSpace as StoredSpace
from engine.search import ChoicePreview, NumericPreview, SearchSpace, preview

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


class PreviewQuery(StrictModel):
    samples: Annotated[int, Field(ge=1, le=10_000, strict=False)] = 1000
    seed: Annotated[int, Field(ge=0, le=MAX_SEED, strict=False)] = 0


class PreviewAnswer(BaseModel):
    samples: int
    seed: int
    parameters: list[NumericPreview | ChoicePreview]


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


@router.get("/{space_id}/preview")
def preview_space(space_id: str, query: Annotated[PreviewQuery, Query()], database: TheDatabase) -> PreviewAnswer:
    """What the first trials of a random search with this seed would have.

    Conditions on training values that are fixed are taken to hold.
    """
    with database.reading() as session:
        space = SearchSpace.from_json(spaces.get(session, space_id).document)
    return PreviewAnswer(samples=query.samples, seed=query.seed, parameters=preview(space, query.samples, query.seed))


@router.delete("/{space_id}", status_code=status.HTTP_204_NO_CONTENT, dependencies=[NO_QUERY])
def delete_space(space_id: str, database: TheDatabase) -> None:
    with database.writing() as session:
        spaces.delete(session, space_id)
