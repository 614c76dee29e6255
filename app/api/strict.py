"""The base of every request: unknown names are refused with the nearest known one, and numbers are finite."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.errors import FieldError, InvalidInput
from engine.errors import unknown_name

MAX_NAME_LENGTH = 200


class StrictModel(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_names(cls, document: Any) -> Any:
        if isinstance(document, dict):
            for name in document:
                if name not in cls.model_fields:
                    message = unknown_name("field", str(name), cls.model_fields)
                    # The name is in a list because pydantic fails to render half a surrogate pair.
                    raise PydanticCustomError("unknown_field", "{message}", {"message": message, "path": [name]})
        return document


def repeated(names: Iterable[str], whole: str) -> list[tuple[str, str]]:
    """Each name that `whole` has more than once, with the complaint: else the last would win without a word."""
    return [
        (name, f"`{name}` must come once, but the {whole} has it {count} times")
        for name, count in Counter(names).items()
        if count > 1
    ]


def refuse_repeated_queries(request: Request) -> None:
    """A dependency of every endpoint. Raises InvalidInput if a name comes twice behind the question mark."""
    if complaints := repeated((name for name, _ in request.query_params.multi_items()), "query"):
        raise InvalidInput([FieldError(name, message) for name, message in complaints])


class _NoQuery(StrictModel):
    """What stands behind the question mark of an address that takes nothing there."""


def _refuse_any_query(_query: Annotated[_NoQuery, Query()]) -> None:
    """A name that is misspelt, or not built yet, must not pass for one that works."""


NO_QUERY = Depends(_refuse_any_query)
"""A dependency of each endpoint without a query."""


def _visible(text: str) -> str:
    if not text.isprintable() or text.isspace():
        raise ValueError("must be printable characters, and not blank")
    return text


Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH), AfterValidator(_visible)]
"""What people call a thing: text that every terminal can show."""
