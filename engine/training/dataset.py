"""The rows a network learns from (train) and is ranked on (dev), standardised, shared by all members of a pack.

A dataset on disk is a folder: `dataset.json` and, for each split, `x_<split>.npy` (rows, features + 1) and
`y_<split>.npy` (rows,). The test split is opened by `held_out` alone.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from engine.errors import InvalidField
from engine.training.arrays import Array, with_one
from engine.training.standardisation import Standardisation, fill_piecewise

Task = Literal["classification", "regression"]
Rows = tuple[Array, Array]  # raw inputs (rows, features), raw targets (rows,)
ImageShape = tuple[int, int, int]  # (height, width, channels)

DESCRIPTION_FILE = "dataset.json"


def output_units(classes: int) -> int:
    """Units of the output layer: one per class from three classes on, else one."""
    return classes if classes > 2 else 1


@dataclass(frozen=True)
class Split:
    """Some rows: inputs as float32, standardised; `targets` (rows,) class indices as int32, or standardised numbers as
    float32.

    Behind its inputs each row has a 1, so that one product does for the weights and biases of the first layer.
    """

    inputs_and_one: Array  # (rows, features + 1)
    targets: Array

    @classmethod
    def of(cls, inputs: Array, targets: Array) -> "Split":
        """The same with a 1 behind each row of `inputs` (rows, features)."""
        return cls(with_one(inputs), targets)

    @classmethod
    def filled(cls, function: Callable[[Array], Array], inputs: Array, targets: Array) -> "Split":
        """The same in float32 with what `function` makes of `inputs`, without an array of float64 as long."""
        split = cls(np.ones((len(inputs), inputs.shape[1] + 1), np.float32), targets)
        fill_piecewise(split.inputs, function, inputs)
        return split

    @property
    def inputs(self) -> Array:
        """(rows, features): a view."""
        return self.inputs_and_one[:, :-1]

    @property
    def rows(self) -> int:
        return len(self.targets)


@dataclass(frozen=True)
class Dataset:
    """A task with its train and dev rows.

    Inputs are kept standardised rather than raw: float32 would lose a raw column with a large offset (a
    date in seconds, say), and no worker needs a normalised copy of its own.
    """

    task: Task
    classes: int  # number of classes, 0 for regression
    train: Split
    dev: Split
    input_standardisation: Standardisation  # (features,)
    target_standardisation: Standardisation  # (), the identity for classification
    image_shape: ImageShape | None = None  # of rows that are images

    def __post_init__(self) -> None:
        if self.image_shape is not None and math.prod(self.image_shape) != self.features:
            raise InvalidField(("image_shape",), f"`image_shape` must have as many pixels as there are features, "
                                                 f"{self.features}, but is {self.image_shape}")  # fmt: skip

    @property
    def features(self) -> int:
        return int(self.train.inputs.shape[1])

    @property
    def outputs(self) -> int:
        return output_units(self.classes)

    def with_raw_inputs(self) -> "Dataset":
        """The same rows in the units they came in: a float32 copy, which only plans that ask for it pay for."""
        raw = Standardisation.identity()
        train, dev = (
            Split.filled(self.input_standardisation.undo, split.inputs, split.targets)
            for split in (self.train, self.dev)
        )
        return replace(self, train=train, dev=dev, input_standardisation=raw)

    @classmethod
    def from_rows(
        cls, task: Task, train: Rows, dev: Rows, classes: int | None = None, image_shape: ImageShape | None = None
    ) -> "Dataset":
        """Standardise raw `(inputs, targets)` of both splits with what the training rows alone tell.

        Inputs are (rows, features), or images (rows, height, width) or (rows, height, width, channels). Targets are
        class indices from 0 for classification (`classes` defaults to the highest plus one), numbers for regression.
        """
        shape = image_shape or image_shape_of(train[0])
        train, dev = ((inputs.reshape(len(inputs), -1), targets) for inputs, targets in (train, dev))
        scales = Scales.fit(task, train)
        count = 0 if task == "regression" else classes or int(max(train[1].max(), dev[1].max())) + 1
        return cls(task, count, scales.split(train), scales.split(dev), scales.inputs, scales.targets, shape)


@dataclass(frozen=True)
class Scales:
    """What the training rows tell of the scales of inputs (features,) and targets ()."""

    task: Task
    inputs: Standardisation
    targets: Standardisation  # the identity for classification

    @classmethod
    def fit(cls, task: Task, train: Rows) -> "Scales":
        inputs, targets = train
        is_number = task == "regression"
        return cls(
            task, Standardisation.fit(inputs), Standardisation.fit(targets) if is_number else Standardisation.identity()
        )

    def split(self, rows: Rows) -> Split:
        """Raw rows as training takes them."""
        inputs, targets = rows
        target_type = np.float32 if self.task == "regression" else np.int32
        return Split.filled(self.inputs.apply, inputs, self.targets.apply(targets).astype(target_type))


def image_shape_of(inputs: Array) -> ImageShape | None:
    """The shape of images (rows, height, width) or (rows, height, width, channels); None for rows of features."""
    if inputs.ndim < len(("rows", "height", "width")):
        return None
    height, width, channels = (*inputs.shape[1:], 1)[:3]
    return height, width, channels


def describe(dataset: Dataset) -> dict[str, Any]:
    """The part of `dataset.json` that training reads."""
    return {
        "task": dataset.task,
        "classes": dataset.classes,
        "input_standardisation": dataset.input_standardisation.to_json(),
        "target_standardisation": dataset.target_standardisation.to_json(),
        "image_shape": dataset.image_shape,
    }


def open_dataset(directory: Path) -> Dataset:
    """Open a dataset's folder, its train and dev rows memory-mapped read-only and so shared by all workers.

    Raises OSError or ValueError if the folder is not there or not whole.
    """
    try:
        description: Mapping[str, Any] = json.loads((directory / DESCRIPTION_FILE).read_text())
        return Dataset(
            task=description["task"],
            classes=description["classes"],
            train=open_split(directory, "train"),
            dev=open_split(directory, "dev"),
            input_standardisation=Standardisation.from_json(description["input_standardisation"]),
            target_standardisation=Standardisation.from_json(description["target_standardisation"]),
            image_shape=tuple(description["image_shape"]) if description.get("image_shape") else None,
        )
    except (KeyError, EOFError) as error:  # a description without a part, an empty array file
        raise ValueError(f"{directory} is not a whole dataset: {error}") from error


def open_split(directory: Path, name: Literal["train", "dev", "test"]) -> Split:
    inputs_and_one, targets = (np.load(directory / f"{part}_{name}.npy", mmap_mode="r") for part in "xy")
    return Split(inputs_and_one, targets)
