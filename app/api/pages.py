"""Lists, a page at a time: {"items": […], "next_cursor": …}."""

import base64
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, Field, FiniteFloat, TypeAdapter
from pydantic_core import to_json

from app.api.strict import StrictModel
from app.errors import InvalidInput

MAX_LIMIT = 1000

# A cursor is the place of a page's last item in the order of the list. It holds no more than that, so that the item
# may be deleted meanwhile.
_TrialNumber = Annotated[int, Field(ge=0, lt=2**63)]
BY_ID: TypeAdapter[str] = TypeAdapter(str)
BY_AGE: TypeAdapter[tuple[datetime, str]] = TypeAdapter(tuple[AwareDatetime, str])
BY_NUMBER: TypeAdapter[tuple[int]] = TypeAdapter(tuple[_TrialNumber])
BY_VALUE: TypeAdapter[tuple[float, float, int]] = TypeAdapter(tuple[FiniteFloat, FiniteFloat, _TrialNumber])

Item = TypeVar("Item")
Place = TypeVar("Place")


class Page(BaseModel, Generic[Item]):
    items: list[Item]
    next_cursor: str | None = Field(description="Ask with `cursor=` for the next page; null on the last.")


class PageQuery(StrictModel):
    cursor: str | None = Field(None, description="The `next_cursor` of the page before.")
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, strict=False)] = 100

    def after(self, order: TypeAdapter[Place]) -> Place | None:
        """Where the page before ended."""
        if self.cursor is None:
            return None
        try:
            return order.validate_json(base64.urlsafe_b64decode(self.cursor), strict=True)
        except ValueError:
            rule = "must be the `next_cursor` of an earlier page in the same order"
            raise InvalidInput.at("cursor", f"`cursor` {rule}, but got {self.cursor!r}") from None

    def page(self, items: list[Item], last: Any) -> Page[Item]:
        """The page of `items`; `last` is the place of the last one, or None if nothing can follow."""
        is_full = len(items) == self.limit and last is not None
        cursor = base64.urlsafe_b64encode(to_json(last)).decode() if is_full else None
        return Page(items=items, next_cursor=cursor)
