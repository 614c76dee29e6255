"""Carrying out the augmentation of mini-batches of images."""

from collections.abc import Sequence

import numpy as np

from engine.errors import InvalidField
from engine.seeding import Purpose, generator
from engine.training.arrays import Array
from engine.training.augmentation import Augmentation
from engine.training.dataset import Dataset
from engine.training.plan import TrainingPlan

# A pixel that hardly varies in the training rows can be hundreds of deviations off once its neighbour moves in.
LARGEST_DEVIATION = 5


class Augmenter:
    """Changes the rows of a pack's mini-batches, each member's by its own seed and augmentation.

    Raises InvalidField if the dataset's rows are no images.
    """

    def __init__(self, plans: Sequence[TrainingPlan], dataset: Dataset) -> None:
        self.augmentations = [plan.augmentation for plan in plans if plan.augmentation is not None]
        self.generators = [generator(plan.seed, Purpose.AUGMENTATION) for plan in plans]
        self.standardisation = dataset.input_standardisation
        if self.augmentations:
            self.image_shape = image_shape(dataset)

    def change(self, inputs: Array) -> None:
        """Change standardised `inputs` (K, B, D) in place."""
        for rows, augmentation, own in zip(inputs, self.augmentations, self.generators, strict=False):
            images = self.standardisation.undo(rows).reshape(len(rows), *self.image_shape)
            moved = _moved(images, augmentation, own).reshape(rows.shape)
            rows[:] = np.clip(self.standardisation.apply(moved), -LARGEST_DEVIATION, LARGEST_DEVIATION)
            if augmentation.noise:
                rows += augmentation.noise * own.standard_normal(rows.shape)

    def keep(self, members: Sequence[int]) -> None:
        if self.augmentations:
            self.augmentations = [self.augmentations[member] for member in members]
            self.generators = [self.generators[member] for member in members]


def image_shape(dataset: Dataset) -> tuple[int, int, int]:
    """(height, width, channels). Raises InvalidField if the rows are no images."""
    if dataset.image_shape is None:
        raise InvalidField(
            ("augmentation",),
            "`augmentation` must be null: the rows are no images, for the dataset has no `image_shape`",
        )
    return dataset.image_shape


def _moved(images: Array, augmentation: Augmentation, own: np.random.Generator) -> Array:
    """The images (B, height, width, channels) shifted, mirrored and turned, each by its own draws.

    Looked up backwards: where does each pixel of the result come from? Between pixels the four around are mixed, and
    beyond the edge the edge goes on.
    """
    count, height, width, _ = images.shape
    down, right = own.integers(-augmentation.shift, augmentation.shift + 1, (2, count, 1, 1))
    angle = np.deg2rad(augmentation.rotate) * own.uniform(-1, 1, (count, 1, 1))
    mirror = np.where(own.random((count, 1, 1)) < 0.5, -1, 1) if augmentation.flip else 1
    y, x = np.meshgrid(np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2, indexing="ij")
    y, x = y - down, x - right
    rows = np.cos(angle) * y - np.sin(angle) * x + (height - 1) / 2
    columns = mirror * (np.sin(angle) * y + np.cos(angle) * x) + (width - 1) / 2
    return _mixed(images, np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1))


def _mixed(images: Array, rows: Array, columns: Array) -> Array:
    """Bilinear interpolation of each image at its own (rows, columns), (B, height, width) each."""
    image = np.arange(len(images))[:, None, None]
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    bottom, right = np.minimum(top + 1, images.shape[1] - 1), np.minimum(left + 1, images.shape[2] - 1)
    down, across = (rows - top)[..., None], (columns - left)[..., None]
    upper = images[image, top, left] * (1 - across) + images[image, top, right] * across
    lower = images[image, bottom, left] * (1 - across) + images[image, bottom, right] * across
    mixed: Array = upper * (1 - down) + lower * down
    return mixed
