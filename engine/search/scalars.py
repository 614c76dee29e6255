"""The plain values that a search hands out: what every JSON document, database and process keeps as it is."""

import math
from collections.abc import Iterable

from engine.errors import InvalidField
from engine.search.fields import MAX_TEXT_LENGTH, read_list, shown

Scalar = str | int | float | bool

MAX_EXACT_INTEGER = 2**53  # JSON readers that know only floats return another integer beyond it
MAX_SCALARS = 1000  # of one list: each choice costs a weight in every stored box

RULE = f"printable text of at most {MAX_TEXT_LENGTH} characters, true, false, finite numbers or integers within ±2**53"


def identity(scalar: Scalar) -> tuple[bool, Scalar]:
    """Return a key that tells True from 1, which Python's == does not; 1 and 1.0 are the same."""
    return isinstance(scalar, bool), scalar


def is_among(value: object, scalars: Iterable[Scalar]) -> bool:
    return isinstance(value, str | int | float) and identity(value) in map(identity, scalars)


def read_scalars(field: str, value: object) -> tuple[Scalar, ...]:
    """Return the list `value` of scalars that all differ, one at least.

    Raises InvalidField with the path from `value`: () for the list, (position,) for one of it.
    """
    try:
        scalars = read_list(field, value)
    except InvalidField as error:
        raise InvalidField((), error.message) from error
    if not 1 <= len(scalars) <= MAX_SCALARS:
        raise InvalidField((), f"`{field}` must hold 1 to {MAX_SCALARS} values, but holds {len(scalars)}")
    seen = set()
    for position, scalar in enumerate(scalars):
        if not _is_plain(scalar):
            raise InvalidField((position,), f"`{field}` must be {RULE}, but choice {position} is {shown(scalar)}")
        if identity(scalar) in seen:
            raise InvalidField((position,), f"`{field}` must all differ, but {shown(scalar)} is there twice")
        seen.add(identity(scalar))
    return tuple(scalars)


def _is_plain(scalar: object) -> bool:
    match scalar:
        case _ if type(scalar) not in (str, int, float, bool):  # np.float64 would come back as another type
            return False
        case str():
            return len(scalar) <= MAX_TEXT_LENGTH and scalar.isprintable()
        case float():
            return math.isfinite(scalar)
        case int():
            return abs(scalar) <= MAX_EXACT_INTEGER
        case _:
            return False
