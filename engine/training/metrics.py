"""What ranks a trial. Each metric turns the outputs for some rows into one number per member.

K members, m rows. For classification `predicted` and `targets` hold class indices; with two classes precision,
recall and F1 are those of class 1, with more their unweighted mean over the classes (macro). A ratio 0/0 counts as 0.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.errors import InvalidField, unknown_name
from engine.training.arrays import Array
from engine.training.dataset import Dataset, Task

MetricName = Literal["error_rate", "accuracy", "precision", "recall", "f1", "log_loss", "rmse", "mae", "r2"]


@dataclass(frozen=True)
class Outputs:
    """What K networks answered for m rows."""

    predicted: Array  # (K, m) class indices, or numbers in original units
    targets: Array  # (K, m) or (1, m), likewise
    loss: Array  # (K,) mean loss
    classes: int  # 0 for regression


@dataclass(frozen=True)
class Metric:
    name: MetricName
    task: Task
    maximize: bool
    compute: Callable[[Outputs], Array]  # -> (K,) float64
    lowest: float = 0.0
    highest: float = 1.0

    def cost(self, value: float) -> float:
        """The same value turned so that lower is better."""
        return -value if self.maximize else value


def error_rate(outputs: Outputs) -> Array:
    return np.mean(outputs.predicted != outputs.targets, axis=1)


def accuracy(outputs: Outputs) -> Array:
    return np.mean(outputs.predicted == outputs.targets, axis=1)


def precision(outputs: Outputs) -> Array:
    """Of the rows called c, the share that are c: TP / (TP + FP)."""
    right, called, _ = _counts(outputs)
    return _over_classes(_ratio(right, called))


def recall(outputs: Outputs) -> Array:
    """Of the rows that are c, the share called c: TP / (TP + FN)."""
    right, _, actual = _counts(outputs)
    return _over_classes(_ratio(right, actual))


def f1(outputs: Outputs) -> Array:
    """The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN)."""
    right, called, actual = _counts(outputs)
    return _over_classes(_ratio(2 * right, called + actual))


def log_loss(outputs: Outputs) -> Array:
    return outputs.loss


def rmse(outputs: Outputs) -> Array:
    return np.sqrt(np.mean(np.square(outputs.predicted - outputs.targets), axis=1))


def mae(outputs: Outputs) -> Array:
    return np.mean(np.abs(outputs.predicted - outputs.targets), axis=1)


def r2(outputs: Outputs) -> Array:
    """1 - Σ(y - ŷ)² / Σ(y - ȳ)², the share of the variance explained; ȳ is the mean of the rows measured.

    Where the targets do not vary there is nothing to explain, and it is 0.
    """
    residual = np.square(outputs.predicted - outputs.targets).sum(axis=1)
    spread = np.square(outputs.targets - outputs.targets.mean(axis=1, keepdims=True)).sum(axis=1)
    # Compared exactly: rounding gives targets that are all 0.1 a spread of 1e-33, not 0.
    varies = (outputs.targets.max(axis=1) > outputs.targets.min(axis=1)) & (spread > 0)
    return np.where(varies, 1 - residual / np.where(varies, spread, 1), 0)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("error_rate", "classification", False, error_rate),
        Metric("accuracy", "classification", True, accuracy),
        Metric("precision", "classification", True, precision),
        Metric("recall", "classification", True, recall),
        Metric("f1", "classification", True, f1),
        Metric("log_loss", "classification", False, log_loss, highest=math.inf),
        Metric("rmse", "regression", False, rmse, highest=math.inf),
        Metric("mae", "regression", False, mae, highest=math.inf),
        Metric("r2", "regression", True, r2, lowest=-math.inf),
    )
}

DEFAULT_METRIC: dict[Task, MetricName] = {"classification": "error_rate", "regression": "rmse"}


def metric_for(name: str | None, task: Task) -> Metric:
    """The metric called `name`, or the task's default. Raises InvalidField if there is none or it does not fit."""
    chosen = DEFAULT_METRIC[task] if name is None else name
    if chosen not in METRICS:
        raise InvalidField(("metric",), unknown_name("metric", chosen, METRICS))
    metric = METRICS[chosen]
    if metric.task != task:
        fitting = ", ".join(other.name for other in METRICS.values() if other.task == task)
        raise InvalidField(("metric",), f"`metric` must fit a {task} task ({fitting}), but got {chosen!r}")
    return metric


def every_metric(train: Outputs, dev: Outputs, task: Task) -> list[dict[str, float]]:
    """All that a result tells of each member: every metric of the task, and the mean loss, on train and on dev."""
    of_train, of_dev = metrics_of(train, task, "train"), metrics_of(dev, task, "dev")
    return [on_train | on_dev for on_train, on_dev in zip(of_train, of_dev, strict=True)]


def metrics_of(outputs: Outputs, task: Task, split: str) -> list[dict[str, float]]:
    """Of each member, every metric of the task and the mean loss on one split, whose name goes before theirs."""
    columns = {f"{split}_{m.name}": m.compute(outputs) for m in METRICS.values() if m.task == task}
    columns[f"{split}_loss"] = outputs.loss
    members = range(len(outputs.loss))
    return [{name: float(column[member]) for name, column in columns.items()} for member in members]


def outputs_of(logits: Array, targets: Array, loss_per_row: Array, dataset: Dataset) -> Outputs:
    """Read the logits (C, K, m) as answers. `targets` (K, m) or (1, m) as the dataset keeps them."""
    loss = loss_per_row.mean(axis=1, dtype=np.float64)
    if dataset.task == "regression":
        undo = dataset.target_standardisation.undo
        return Outputs(undo(logits[0].astype(np.float64)), undo(targets.astype(np.float64)), loss, 0)
    predicted = logits[0] > 0 if dataset.classes == 2 else _likeliest(logits)
    return Outputs(predicted, targets, loss, dataset.classes)


def _likeliest(logits: Array) -> Array:
    """The class of the largest logit (K, m) from (C, K, m), the first of equals.

    np.argmax along the first axis would look at one row after another. Here all rows rank their classes at once, from
    C for the first down to 1, and the highest rank of a largest logit wins. Where all are NaN the answer is the last.
    """
    classes = len(logits)
    ranks = np.arange(classes, 0, -1, dtype=np.uint8 if classes < 2**8 else np.uint32)[:, None, None]
    is_largest = logits == np.maximum.reduce(logits, axis=0)
    found: Array = classes - np.maximum.reduce(is_largest * ranks, axis=0, initial=1)
    return found


def _counts(outputs: Outputs) -> tuple[Array, Array, Array]:
    """Per member and class (K, classes): rows called c rightly, rows called c, rows that are c.

    Counted member by member: comparing all rows with every class at once would take 200 bytes a row for 200 classes.
    """

    def count(labels: Array) -> Array:
        return np.bincount(labels, minlength=outputs.classes)

    pairs = [*zip(outputs.predicted, np.broadcast_to(outputs.targets, outputs.predicted.shape), strict=True)]
    right = np.stack([count(targets[called == targets]) for called, targets in pairs])
    return right, np.stack([count(called) for called, _ in pairs]), np.stack([count(targets) for _, targets in pairs])


def _ratio(numerator: Array, denominator: Array) -> Array:
    return numerator / np.maximum(denominator, 1)


def _over_classes(per_class: Array) -> Array:
    scores: Array = per_class[:, 1] if per_class.shape[1] == 2 else per_class.mean(axis=1)
    return scores
