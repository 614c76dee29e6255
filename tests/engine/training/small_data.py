"""Small made-up datasets: enough rows to learn something, few enough to be fast."""

from dataclasses import replace

import numpy as np

from engine.training.arrays import Array
from engine.training.dataset import Dataset


def clouds(classes: int, train_rows: int = 61, dev_rows: int = 40, features: int = 5, seed: int = 0) -> Dataset:
    """One Gaussian cloud of points for each class. The clouds overlap, so no network gets all rows right for long."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(scale=1.5, size=(classes, features))

    def rows(count: int) -> tuple[Array, Array]:
        targets = rng.permutation(np.arange(count) % classes)
        return centres[targets] + rng.normal(size=(count, features)), targets

    return Dataset.from_rows("classification", rows(train_rows), rows(dev_rows), classes)


def wave(train_rows: int = 61, dev_rows: int = 40, seed: int = 0) -> Dataset:
    """A bent surface over three features, with noise, in units far from standardised ones."""
    rng = np.random.default_rng(seed)

    def rows(count: int) -> tuple[Array, Array]:
        inputs = rng.normal(size=(count, 3))
        surface = np.sin(2 * inputs[:, 0]) + inputs[:, 1] * inputs[:, 2]
        return inputs, 500 + 40 * (surface + rng.normal(scale=0.3, size=count))

    return Dataset.from_rows("regression", rows(train_rows), rows(dev_rows))


def pictures(train_rows: int = 61, dev_rows: int = 40, side: int = 6, seed: int = 0) -> Dataset:
    """Grey pictures (side, side, 1) of a bright bar that lies or stands, somewhere, in noise."""
    rng = np.random.default_rng(seed)

    def rows(count: int) -> tuple[Array, Array]:
        targets = rng.permutation(np.arange(count) % 2)
        images = rng.normal(scale=0.3, size=(count, side, side))
        for image, stands, place in zip(images, targets, rng.integers(side, size=count), strict=True):
            (image.T if stands else image)[place] += 1
        return images.reshape(count, -1), targets

    made = Dataset.from_rows("classification", rows(train_rows), rows(dev_rows))
    return replace(made, image_shape=(side, side, 1))


TASKS = {"two classes": clouds(2), "ten classes": clouds(10), "regression": wave()}

BY_LOSS = {"softmax": clouds(3), "sigmoid": clouds(2), "squared error": wave()}
