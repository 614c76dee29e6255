"""Whether trials have the same bits alone as together."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, replace

import numpy as np

from engine.training.dataset import Dataset
from engine.training.plan import TrainingPlan
from engine.training.result import TrainingResult
from engine.training.train import train, train_pack


def bits(result: TrainingResult) -> object:
    arrays = [(array.shape, array.dtype, array.tobytes()) for array in result.parameters]
    numbers = [result.value, result.metrics, result.best_epoch, result.epochs, result.failure, result.signs]
    return repr(numbers), astuple(result.curve), repr(astuple(result.signals)), arrays


def bits_but_signs_of_nan(result: TrainingResult) -> object:
    """The sign of a NaN has no meaning, and a vector of four can give another one than four numbers one by one."""
    arrays = [np.where(np.isnan(array), np.float32(np.nan), array) for array in result.parameters]
    return bits(replace(result, parameters=arrays))


def assert_same_alone(
    plans: Sequence[TrainingPlan], dataset: Dataset, of: Callable[[TrainingResult], object] = bits
) -> list[TrainingResult]:
    together = train_pack(plans, dataset)
    for position, (plan, result) in enumerate(zip(plans, together, strict=True)):
        assert of(result) == of(train(plan, dataset)), f"plan {position}: {plan}"
    return together
