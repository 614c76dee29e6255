"""Moving images: each mirrored, turned about its centre and shifted by draws of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from engine.training.arrays import Array
from engine.training.augmentation import Augmentation


@dataclass(frozen=True)
class Moves:
    """What happens to each of B images, (B,) each. They are mirrored first, then turned, then shifted."""

    down: Array  # whole pixels
    right: Array
    is_mirrored: Array
    angles: Array  # radians

    @classmethod
    def draw(cls, augmentation: Augmentation, own: np.random.Generator, images: int) -> "Moves":
        down, right = own.integers(-augmentation.shift, augmentation.shift + 1, (2, images))
        is_mirrored = own.random(images) < 0.5 if augmentation.flip else np.zeros(images, bool)
        largest = np.deg2rad(augmentation.rotate)
        angles = own.uniform(-largest, largest, images) if augmentation.rotate else np.zeros(images)
        return cls(down, right, is_mirrored, angles)

    @classmethod
    def joined(cls, parts: Sequence["Moves"]) -> "Moves":
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def of(self, images: slice | Array) -> "Moves":
        return Moves(self.down[images], self.right[images], self.is_mirrored[images], self.angles[images])

    def applied(self, images: Array) -> Array:
        """The moved images (B, height, width, channels). What happens to one does not depend on the others.

        Looked up backwards: where does each pixel of the result come from? Beyond the edge the edge goes on.
        """
        turned = np.flatnonzero(self.angles)
        if len(turned) == len(images):
            return _turned(images, self)
        moved = _shifted(images, self)
        if len(turned):
            moved[turned] = _turned(images[turned], self.of(turned))
        return moved


def _shifted(images: Array, moves: Moves) -> Array:
    """Whole pixels come from whole pixels, so nothing is mixed."""
    count, height, width, channels = images.shape
    rows = np.clip(np.arange(height) - moves.down[:, None], 0, height - 1)
    columns = np.clip(np.arange(width) - moves.right[:, None], 0, width - 1)
    columns = np.where(moves.is_mirrored[:, None], width - 1 - columns, columns)
    starts = height * np.arange(count)[:, None]  # all images stand under each other
    pixels = width * (starts + rows)[:, :, None] + columns[:, None, :]
    return np.take(images.reshape(-1, channels), pixels, axis=0)


def _turned(images: Array, moves: Moves) -> Array:
    """Each pixel of the result comes from between four pixels, which are mixed."""
    _, height, width, _ = images.shape
    y, x = np.ogrid[:height, :width]
    y = y - (height - 1) / 2 - moves.down[:, None, None]  # from the centre
    x = x - (width - 1) / 2 - moves.right[:, None, None]
    sine, cosine = np.sin(moves.angles)[:, None, None], np.cos(moves.angles)[:, None, None]
    rows = cosine * y - sine * x + (height - 1) / 2
    columns = np.where(moves.is_mirrored, -1, 1)[:, None, None] * (sine * y + cosine * x) + (width - 1) / 2
    return _mixed(images, np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1))


def _mixed(images: Array, rows: Array, columns: Array) -> Array:
    """Bilinear interpolation of each image at its own (rows, columns), (B, height, width) each."""
    count, height, width, channels = images.shape
    pixels = images.reshape(-1, channels)
    top, left = rows.astype(int), columns.astype(int)  # cut off: they are not negative
    bottom, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    down, across = (rows - top)[..., None], (columns - left)[..., None]
    starts = height * np.arange(count)[:, None, None]  # all images stand under each other
    upper, lower = (
        np.take(pixels, width * (starts + edge) + left, axis=0) * (1 - across)
        + np.take(pixels, width * (starts + edge) + right, axis=0) * across
        for edge in (top, bottom)
    )
    mixed: Array = upper * (1 - down) + lower * down
    return mixed
