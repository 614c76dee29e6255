"""Rows that are images: each feature one pixel of one channel, row after row from the top."""

import math
from collections.abc import Sequence

from app.errors import InvalidInput
from app.tables.encoding import Encoder, NumberColumn


def full_image_shape(shape: Sequence[int]) -> tuple[int, int, int]:
    """(height, width, channels), of which the last may be left out; raises InvalidInput for anything else."""
    if len(shape) not in (2, 3) or min(shape) < 1:
        raise _invalid(f"`image_shape` must be [height, width] or [height, width, channels], but got {list(shape)}")
    height, width, *channels = shape
    return height, width, *(channels or [1])  # type: ignore[return-value]


def check_image_shape(shape: Sequence[int], encoder: Encoder) -> None:
    """Raise InvalidInput unless the columns are the pixels of such images."""
    for column in encoder.columns:
        if not isinstance(column, NumberColumn) or column.has_missing:
            what = f"holds {column.kind}" if not isinstance(column, NumberColumn) else "has missing numbers"
            raise _invalid(f"`image_shape` needs a number in every cell, but column {column.name!r} {what}")
    if math.prod(shape) != len(encoder.features):
        raise _invalid(
            f"`image_shape` must have as many pixels as there are features, {len(encoder.features)}, "
            f"but {list(shape)} has {math.prod(shape)}"
        )


def _invalid(message: str) -> InvalidInput:
    return InvalidInput.at("/image_shape", message)
