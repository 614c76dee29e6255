"""The test rows, which nothing else opens: how good a network is on rows that had no part in choosing it.

The interval says where the same network's value on endlessly many such rows lies, in 95 of 100 cases. It knows nothing
of other seeds, and holds for a first look: whoever changes something because of it has made the rows dev rows.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.seeding import Purpose, generator
from engine.training.arrays import Array
from engine.training.dataset import Dataset, Split, open_split
from engine.training.evaluation import Evaluation
from engine.training.metrics import Metric, Outputs, metric_for, metrics_of
from engine.training.parameters import Parameters, Shape
from engine.training.plan import TrainingPlan
from engine.training.result import TrainingResult

NORMAL_95 = 1.959964  # 95 % of a normal distribution lie within so many standard deviations
RESAMPLES = 2000  # the ends of the interval then move by a twentieth of its width from seed to seed
PIECE_NUMBERS = 2**22  # drawn at once: 32 MiB of places


@dataclass(frozen=True)
class Judgement:
    """What a network is worth on the test rows."""

    rows: int
    metrics: dict[str, float]  # test_<metric> for each of the task's, test_loss
    interval: tuple[float, float]  # 95 %, of the metric that ranks


def open_test_rows(directory: Path) -> Split:
    """Raises OSError or ValueError if they are not there or not whole."""
    return open_split(directory, "test")


def judge(result: TrainingResult, plan: TrainingPlan, dataset: Dataset, test: Split) -> Judgement:
    """Measure the network that `plan` came to on the rows `test` of its dataset.

    Raises InvalidField if the plan's metric does not fit the dataset's task.
    """
    metric = metric_for(plan.metric, dataset.task)
    if not plan.normalize_inputs:
        test = Split.filled(dataset.input_standardisation.undo, test.inputs, test.targets)
    evaluation = Evaluation(_own_parameters(result, plan, dataset), [plan], dataset)
    outputs, loss_per_row = evaluation.outputs_and_losses(test)
    return Judgement(
        rows=test.rows,
        metrics=metrics_of(outputs, dataset.task, "test")[0],
        interval=interval_of(metric, outputs, loss_per_row, plan.seed),
    )


def interval_of(metric: Metric, outputs: Outputs, loss_per_row: Array, seed: int) -> tuple[float, float]:
    """The 95 % interval of the metric of one network, K = 1, with L (1, m) of each row.

    A share of rows has Wilson's interval, which also holds near 0 and 1 (Wilson, 1927). For other metrics it is the
    bootstrap's, from the 2.5th to the 97.5th percentile over resamples of the rows (Efron, 1979).
    """
    rows = outputs.predicted.shape[1]
    if metric.name in ("error_rate", "accuracy"):
        return _wilson(float(metric.compute(outputs)[0]), rows)
    values = np.concatenate([metric.compute(drawn) for drawn in _resamples(outputs, loss_per_row, seed)])
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _wilson(share: float, rows: int) -> tuple[float, float]:
    """(p + z²/2m ± z √(p(1-p)/m + z²/4m²)) / (1 + z²/m)"""
    spread = NORMAL_95**2 / rows
    centre = share + spread / 2
    reach = math.sqrt(spread * share * (1 - share) + spread**2 / 4)
    return max(0.0, (centre - reach) / (1 + spread)), min(1.0, (centre + reach) / (1 + spread))


def _resamples(outputs: Outputs, loss_per_row: Array, seed: int) -> Iterator[Outputs]:
    """Rows drawn anew with replacement, as many as there are; each resample stands as a member of its own."""
    rng, rows = generator(seed, Purpose.RESAMPLING), outputs.predicted.shape[1]
    at_once = max(1, PIECE_NUMBERS // rows)
    for start in range(0, RESAMPLES, at_once):
        places = rng.integers(rows, size=(min(at_once, RESAMPLES - start), rows))
        yield Outputs(
            outputs.predicted[0][places],
            outputs.targets[0][places],
            loss_per_row[0][places].mean(axis=1, dtype=np.float64),
            outputs.classes,
        )


def _own_parameters(result: TrainingResult, plan: TrainingPlan, dataset: Dataset) -> Parameters:
    """Those of a result, in which batch norm is folded, as a pack of one has them."""
    parameters = Parameters.zeros(Shape((dataset.features, *plan.hidden_units, dataset.outputs)), 1)
    for number, layer in enumerate(parameters.layers):
        layer.weights[0], layer.biases[0, 0] = result.parameters[2 * number], result.parameters[2 * number + 1]
    return parameters
