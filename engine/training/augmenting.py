"""Carrying out the augmentation of mini-batches of images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.errors import InvalidField
from engine.seeding import Purpose, generator
from engine.training.arrays import Array
from engine.training.augmentation import Augmentation
from engine.training.dataset import Dataset, ImageShape
from engine.training.moves import Moves
from engine.training.plan import TrainingPlan
from engine.training.standardisation import Standardisation

# A pixel that hardly varies in the training rows can be hundreds of deviations off once its neighbour moves in. It may
# go as far as it does in the training rows, or so many deviations.
LARGEST_DEVIATION = 5
PIECE_NUMBERS = 2**16  # moved at once, half a MiB of float64: the calls cost little, and the cache holds it


class Augmenter:
    """Changes the rows of a pack's mini-batches, each member's by its own seed and augmentation.

    Raises InvalidField if the dataset's rows are no images, or too small for a shift.
    """

    def __init__(self, plans: Sequence[TrainingPlan], dataset: Dataset) -> None:
        """`dataset` holds standardised inputs, whether the plans train on those or on raw ones."""
        self.augmentations = [plan.augmentation for plan in plans if plan.augmentation is not None]
        self.generators = [generator(plan.seed, Purpose.AUGMENTATION) for plan in plans]
        for augmentation in self.augmentations:
            self.image_shape = require_images(dataset.image_shape, augmentation)
        if self.augmentations:
            self.pixels = Pixels.of(dataset) if plans[0].normalize_inputs else Pixels.of(dataset).raw()

    def change(self, inputs: Array) -> None:
        """Change `inputs` (K, B, D) in place."""
        moving = [member for member, augmentation in enumerate(self.augmentations) if augmentation.moves]
        if len(moving) == len(inputs):
            self._move(inputs, moving)
        elif moving:
            chosen = inputs[moving]
            self._move(chosen, moving)
            inputs[moving] = chosen
        for rows, augmentation, own in zip(inputs, self.augmentations, self.generators, strict=True):
            if augmentation.noise:
                noise = own.standard_normal(rows.shape, np.float32)
                noise *= augmentation.noise * self.pixels.deviations
                rows += noise

    def keep(self, members: Sequence[int]) -> None:
        if self.augmentations:
            self.augmentations = [self.augmentations[member] for member in members]
            self.generators = [self.generators[member] for member in members]

    def _move(self, inputs: Array, members: Sequence[int]) -> None:
        """Move the images of all members at once: those of one after those of the other."""
        images = inputs.shape[1]
        moves = Moves.joined([Moves.draw(self.augmentations[k], self.generators[k], images) for k in members])
        rows = inputs.reshape(-1, inputs.shape[2], copy=False)
        step = max(1, PIECE_NUMBERS // rows.shape[1])
        for piece in (slice(start, start + step) for start in range(0, len(rows), step)):
            raw = self.pixels.standardisation.undo(rows[piece])
            moved = moves.of(piece).applied(raw.reshape(-1, *self.image_shape)).reshape(raw.shape)
            np.clip(self.pixels.standardisation.apply(moved), self.pixels.lowest, self.pixels.highest, out=rows[piece])


@dataclass(frozen=True)
class Pixels:
    """What the training rows tell of each pixel, (D,) each, in the units of the rows that are changed."""

    standardisation: Standardisation  # that the rows have gone through
    deviations: Array  # float32; 0 for a pixel that is constant
    lowest: Array
    highest: Array

    @classmethod
    def of(cls, dataset: Dataset) -> "Pixels":
        inputs, scales = dataset.train.inputs, dataset.input_standardisation
        return cls(
            standardisation=scales,
            deviations=(scales.scale != 0).astype(np.float32),
            lowest=np.minimum(inputs.min(axis=0), -LARGEST_DEVIATION),
            highest=np.maximum(inputs.max(axis=0), LARGEST_DEVIATION),
        )

    def raw(self) -> "Pixels":
        """The same for rows in the units they came in."""
        return Pixels(
            standardisation=Standardisation.identity(),
            deviations=self.standardisation.scale.astype(np.float32),
            lowest=self.standardisation.undo(self.lowest),
            highest=self.standardisation.undo(self.highest),
        )


def require_images(image_shape: ImageShape | None, augmentation: Augmentation) -> ImageShape:
    """The shape of the rows. Raises InvalidField if they are no images, or images that a shift could push out whole."""
    if image_shape is None:
        message = "`augmentation` must be null: the rows are no images, for the dataset has no `image_shape`"
        raise InvalidField(("augmentation",), message)
    height, width, _ = image_shape
    if augmentation.shift >= min(height, width):
        message = (
            f"`shift` must be less than {min(height, width)}, or nothing may be left of an image of "
            f"{height} × {width} pixels, but got {augmentation.shift}"
        )
        raise InvalidField(("augmentation", "shift"), message)
    return image_shape
