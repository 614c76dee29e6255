"""What the service answers when it cannot do what was asked.

    ServiceError
    ├── InvalidInput         422  one or more fields break a rule
    ├── NotFound             404  no such study, dataset, …
    ├── Conflict             409  the thing is in use, or in a state that forbids it
    ├── TooLarge             413  the body or file is over the limit
    ├── NotReady             503  it is being made: the same question has an answer a little later
    └── InsufficientStorage  507  the disk is full

Each carries its HTTP status; one handler (app/api/problems.py) renders all of them as RFC 9457 problems.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.errors import InvalidField


@dataclass(frozen=True)
class FieldError:
    """One broken rule: `pointer` is a JSON pointer into the request, `message` names field, value and rule."""

    pointer: str
    message: str


class ServiceError(Exception):
    status = 500
    title = "internal error"
    headers: Mapping[str, str] = {}

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors: Sequence[FieldError] = ()


class InvalidInput(ServiceError):
    status = 422
    title = "invalid input"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors

    @classmethod
    def at(cls, pointer: str, message: str) -> "InvalidInput":
        return cls([FieldError(pointer, message)])

    @classmethod
    def from_field(cls, complaint: InvalidField) -> "InvalidInput":
        return cls.at(json_pointer(complaint.path), complaint.message)


class NotFound(ServiceError):
    status = 404
    title = "not found"


class Conflict(ServiceError):
    status = 409
    title = "conflict"


class TooLarge(ServiceError):
    status = 413
    title = "too large"


class NotReady(ServiceError):
    status = 503
    title = "not ready"
    headers: Mapping[str, str] = {"Retry-After": "1"}


class InsufficientStorage(ServiceError):
    status = 507
    title = "insufficient storage"


def json_pointer(path: Sequence[str | int]) -> str:
    """RFC 6901: `/parameters/2/low`."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
