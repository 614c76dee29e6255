"""The array type of this room. Shapes stand beside each field and in each docstring: K members, B rows of a batch."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

SMALLEST_BUFFER = 16  # the least that np.setbufsize takes


@contextmanager
def unbuffered() -> Iterator[None]:
    """Keep NumPy from copying a member's constant (K, 1) into a buffer as long as its row (K, P).

    It does so where a row is shorter than half its buffer, and then the copy costs more than the arithmetic. Not for
    operations that convert types, which need the buffer.
    """
    before = np.setbufsize(SMALLEST_BUFFER)
    try:
        yield
    finally:
        np.setbufsize(before)


def with_one(rows: Array) -> Array:
    """(…, D + 1): `rows` (…, D) with a 1 behind each."""
    extended = np.ones((*rows.shape[:-1], rows.shape[-1] + 1), rows.dtype)
    extended[..., :-1] = rows
    return extended
