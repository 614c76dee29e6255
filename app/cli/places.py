"""Where in a file of the user's own stands what the service complains of."""

import re
from collections.abc import Sequence

from app.client import Answer, ApiError


def with_places(error: ApiError, places: Sequence[str], first: int) -> ApiError:
    """The same complaints with the places in the file; the service counts what it got, from `first` on."""
    told = error.problem.get("errors", [])
    complaints = [{"pointer": "", "message": _with_place(complaint, places, first)} for complaint in told]
    return ApiError(error.status, error.problem | {"errors": complaints})


def _with_place(complaint: Answer, places: Sequence[str], first: int) -> str:
    number = re.match(r"/\w+/(\d+)", complaint["pointer"])
    if number is None:
        return str(complaint["message"])
    position = int(number[1])
    return f"{places[first + position]}: {complaint['message'].removeprefix(f'row {position}: ')}"
