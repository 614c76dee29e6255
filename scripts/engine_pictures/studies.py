"""What the sections measure on: sample data, and many seeds of one plan at a time."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from engine.training import Dataset, TrainingPlan, TrainingResult, load_dataset, train_pack
from engine.training.dataset import Split

DIGITS, DIABETES, BREAST_CANCER = (load_dataset(name) for name in ("digits", "diabetes", "breast-cancer"))


def with_first_rows(dataset: Dataset, rows: int) -> Dataset:
    """The same with fewer training rows, so that there is something to overfit."""
    train = Split.of(dataset.train.inputs[:rows], dataset.train.targets[:rows])
    return replace(dataset, train=train)


FEW_DIGITS = with_first_rows(DIGITS, 300)


def results_of(plan: TrainingPlan, dataset: Dataset, seeds: int = 20, **changes: Any) -> list[TrainingResult]:
    return train_pack([replace(plan, seed=seed, **changes) for seed in range(seeds)], dataset)


def mean(results: list[TrainingResult], of: Callable[[TrainingResult], float]) -> float:
    return float(np.mean([of(result) for result in results]))


def measured(name: str) -> Callable[[TrainingResult], float]:
    """A metric of a result; a network that diverged gets every row wrong."""
    return lambda result: result.metrics.get(name, 1.0)


def weights_norm(result: TrainingResult) -> float:
    return float(np.sqrt(sum(np.square(weights).sum() for weights in result.parameters[::2])))
