"""Checks of documents and their fields, so that this room refuses wrong input everywhere in the same words."""

import dataclasses
import math
import reprlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from engine.errors import InvalidField, unknown_name

T = TypeVar("T")

MAX_TEXT_LENGTH = 200  # characters: enough for any sensible name, and a message can still quote it
MAX_TRIALS = 1_000_000  # every finished trial is ranked again at the end of each round


def shown(value: object) -> str:
    """`value` as an error message quotes it: cut short, whatever was sent."""
    try:
        return reprlib.repr(value)
    except ValueError:  # Python refuses to print integers of more than 4,300 digits
        return f"{type(value).__name__} too long to print"


@contextmanager
def within(*prefix: str | int) -> Iterator[None]:
    """Let complaints about a part of a document be told with the path from the whole, where it stands at `prefix`."""
    try:
        yield
    except InvalidField as error:
        raise error.within(*prefix) from error


def read_object(kind: str, document: object, required: Collection[str], optional: Collection[str]) -> dict[str, Any]:
    """Return the fields of the JSON object `document`, which describes a `kind`.

    Raises InvalidField if it is no object, holds a field of neither list or lacks a required one.
    """
    if not isinstance(document, Mapping):
        raise InvalidField((), f"{kind} must be an object, but got {shown(document)}")
    known = [*required, *optional]
    for field in document:
        if field not in known:
            name = str(field)[:MAX_TEXT_LENGTH]
            raise InvalidField((name,), unknown_name(f"field of {kind}", name, known))
    for field in required:
        if field not in document:
            raise InvalidField((field,), f"`{field}` is required in {kind}, but is missing")
    return dict(document)


def read_typed(kind: str, document: object, types: Mapping[str, type[T]]) -> T:
    """Return the dataclass that the object `document` describes: its `type` names the class, the rest are its fields.

    Raises InvalidField if the type or a field is unknown, missing or refused by the class.
    """
    if not isinstance(document, Mapping):
        raise InvalidField((), f"{kind} must be an object, but got {shown(document)}")
    if "type" not in document:
        raise InvalidField(("type",), f"`type` is required in {kind}, but is missing: one of {', '.join(types)}")
    name = read_choice("type", document["type"], types)
    described: Any = types[name]
    fields = dataclasses.fields(described)
    required = [field.name for field in fields if field.default is dataclasses.MISSING]
    optional = [field.name for field in fields if field.default is not dataclasses.MISSING]
    values = read_object(f"{kind} of type {name}", document, ["type", *required], optional)
    del values["type"]
    return types[name](**values)


def read_choice(field: str, value: object, known: Collection[str]) -> str:
    """Return `value` if it is one of the `known` names of `field`, and raise InvalidField with the nearest if not."""
    if not isinstance(value, str):
        raise InvalidField((field,), f"`{field}` must be one of {', '.join(known)}, but got {shown(value)}")
    if value not in known:
        raise InvalidField((field,), unknown_name(field, value[:MAX_TEXT_LENGTH], known))
    return value


def read_number(field: str, value: object) -> float:
    """Return `value` as a float if it is a finite number; a bool is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidField((field,), f"`{field}` must be a number, but got {shown(value)}")
    try:
        number = float(value)
    except OverflowError:  # an integer beyond the largest float
        number = math.inf
    if not math.isfinite(number):
        raise InvalidField((field,), f"`{field}` must be a finite number, but got {shown(value)}")
    return number


def read_integer(field: str, value: object, low: int, high: int) -> int:
    """Return `value` if it is an integer in [low, high]; neither a bool nor 16.0 is one."""
    if type(value) is not int:
        raise InvalidField((field,), f"`{field}` must be an integer, but got {shown(value)}")
    if not low <= value <= high:
        raise InvalidField((field,), f"`{low} <= {field} <= {high}` must hold, but got {shown(value)}")
    return value


def read_flag(field: str, value: object) -> bool:
    """Return `value` if it is true or false."""
    if not isinstance(value, bool):
        raise InvalidField((field,), f"`{field}` must be true or false, but got {shown(value)}")
    return value


def read_text(field: str, value: object) -> str:
    """Return `value` if it is text that every database, terminal and JSON reader can keep."""
    if not isinstance(value, str):
        raise InvalidField((field,), f"`{field}` must be text, but got {shown(value)}")
    if not 1 <= len(value) <= MAX_TEXT_LENGTH or not value.isprintable():
        rule = f"must be 1 to {MAX_TEXT_LENGTH} printable characters"
        raise InvalidField((field,), f"`{field}` {rule}, but got {shown(value)}")
    return value


def read_list(field: str, value: object) -> Sequence[Any]:
    """Return `value` if it is a list."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise InvalidField((field,), f"`{field}` must be a list, but got {shown(value)}")
    return value


def read_share(field: str, value: object) -> float:
    """Return `value` as a float if it is a number in (0, 1]."""
    share = read_number(field, value)
    if not 0.0 < share <= 1.0:
        raise InvalidField((field,), f"`0 < {field} <= 1` must hold, but got {share}")
    return share
