"""The sample data: small, real, free to pass on (README.md beside this file), split once and for all.

Each file is a compressed .npz without pickle: `task`, `target`, `x` (rows, columns) raw, `y` (rows,) class indices or
numbers, `split` (rows,) 0 train, 1 dev, 2 test, `columns` and `classes` (their names), `image_shape` (height, width,
channels), empty where rows are no images.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np

from engine.errors import InvalidField, unknown_name
from engine.training.arrays import Array
from engine.training.dataset import Dataset, ImageShape, Task

SAMPLE_NAMES = ("digits", "breast-cancer", "diabetes")

_SPLIT_CODES = {"train": 0, "dev": 1, "test": 2}


@dataclass(frozen=True)
class Sample:
    task: Task
    target: str  # what is to be predicted
    x: Array  # (rows, columns) as measured
    y: Array  # (rows,) class indices, or numbers
    split: Array  # (rows,) uint8
    columns: tuple[str, ...]
    classes: tuple[str, ...]  # none for regression
    image_shape: ImageShape | None

    def rows(self, split: Literal["train", "dev", "test"]) -> tuple[Array, Array]:
        """Return the raw inputs (rows, columns) and targets (rows,) of one split."""
        chosen = self.split == _SPLIT_CODES[split]
        return self.x[chosen], self.y[chosen]


def read_sample(name: str) -> Sample:
    """Read the sample data set `name`; raises InvalidField if there is none of that name."""
    if name not in SAMPLE_NAMES:
        raise InvalidField(("dataset",), unknown_name("sample dataset", name, SAMPLE_NAMES))
    with np.load(Path(__file__).with_name(f"{name}.npz"), allow_pickle=False) as arrays:
        return Sample(
            task=cast("Task", str(arrays["task"])),
            target=str(arrays["target"]),
            x=arrays["x"],
            y=arrays["y"],
            split=arrays["split"],
            columns=tuple(arrays["columns"].tolist()),
            classes=tuple(arrays["classes"].tolist()),
            image_shape=tuple(arrays["image_shape"].tolist()) or None,
        )


def load_dataset(name: str) -> Dataset:
    """Return the train and dev rows of the sample data set `name`, standardised; its test rows stay out."""
    sample = read_sample(name)
    return Dataset.from_rows(
        sample.task, sample.rows("train"), sample.rows("dev"), len(sample.classes), sample.image_shape
    )
