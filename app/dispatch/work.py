"""What a worker does with each kind of order."""

import errno
import time
from collections.abc import Callable, Mapping, Sequence

from app import model_files
from app.dispatch.messages import (
    Checked,
    CheckGradients,
    DatasetUnreadable,
    Diverged,
    Done,
    End,
    Finished,
    Found,
    JudgeModel,
    ModelDiffers,
    ModelJudged,
    ModelSaved,
    Order,
    Progress,
    SaveModel,
    TrainPacks,
    WorkFailed,
)
from engine.training import Dataset, TrainingResult, gradient_check, open_dataset, train, train_pack
from engine.training.held_out import judge, open_test_rows
from engine.training.mean_result import mean_result
from engine.training.model import Model

PROGRESS_SECONDS = 1
GRADIENTS_PER_ARRAY = 200  # a mistake in a layer shows in nearly all of its numbers

Say = Callable[[Found], None]


def carry_out(order: Order, say: Say) -> End:
    """Do what is ordered and `say` what is found; returns how it ended."""
    try:
        dataset = _open(order)
        if isinstance(dataset, DatasetUnreadable):
            return dataset
        match order:
            case TrainPacks():
                _train(order, dataset, say)
            case CheckGradients():
                say(_check(order, dataset))
            case SaveModel() | JudgeModel():
                say(_trained_again(order, dataset))
    except gradient_check.Diverged as error:
        return WorkFailed(str(error))
    except Exception as error:  # whatever it was, the dispatcher must hear of it, and the process ends here
        return WorkFailed(_text(error), may_pass=_is_out_of_memory(error))
    return Done()


def _open(order: Order) -> Dataset | DatasetUnreadable:
    try:
        return open_dataset(order.dataset)
    except (OSError, ValueError) as error:
        if _is_out_of_memory(error):
            raise
        return DatasetUnreadable(_text(error).replace(f"{order.dataset.parent}/", ""))


def _train(order: TrainPacks, dataset: Dataset, say: Say) -> None:
    plans = [plan for member in order.members for plan in member.plans]
    numbers = [member.number for member in order.members for _ in member.plans]  # whose plan stands at each position
    results: dict[int, TrainingResult] = {}  # by position, until all of a member are there
    last_progress = time.monotonic()

    def on_epoch(epoch: int, dev: Mapping[int, float]) -> None:
        nonlocal last_progress
        if time.monotonic() - last_progress >= PROGRESS_SECONDS:
            say(Progress({numbers[position]: epoch for position in dev}))
            last_progress = time.monotonic()

    def on_result(position: int, result: TrainingResult) -> None:
        results[position] = result
        own = [other for other, number in enumerate(numbers) if number == numbers[position]]
        if all(other in results for other in own):
            say(_result(numbers[position], [results.pop(other) for other in own]))

    stop_curves = [order.stop_curve] * len(plans)
    train_pack(plans, dataset, on_epoch, on_result, stop_curves, teams=numbers)


def _result(number: int, results: Sequence[TrainingResult]) -> Finished | Diverged:
    mean, seed_values = mean_result(results), [result.value for result in results if result.value is not None]
    told = mean.epochs, mean.curve, mean.signals, mean.signs
    if mean.value is None or mean.best_epoch is None:
        return Diverged(number, mean.failure or "", *told)
    trained = sum(result.epochs for result in results)
    return Finished(number, mean.value, seed_values, mean.metrics, mean.best_epoch, *told, trained, mean.epochs_saved)


def _check(order: CheckGradients, dataset: Dataset) -> Checked:
    return Checked(
        gradient_check.check_gradients(order.plan, dataset, order.epochs, numbers_per_array=GRADIENTS_PER_ARRAY)
    )


def _trained_again(order: SaveModel | JudgeModel, dataset: Dataset) -> ModelSaved | ModelJudged | ModelDiffers:
    """Train a winner again and do with it what is ordered, if it comes to the same value to the last bit."""
    result = train(order.plan, dataset)
    if result.value != order.value:
        return ModelDiffers(result.value)
    if isinstance(order, JudgeModel):
        return ModelJudged(judge(result, order.plan, dataset, open_test_rows(order.dataset)))
    model = Model.of(result, order.plan, dataset, order.class_names, order.columns)
    model_files.write(order.file, model.save)
    return ModelSaved()


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
