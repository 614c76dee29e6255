"""One plan of a pack while it trains: what was measured of it, and when it is done."""

import math
from dataclasses import astuple, dataclass, field, replace

from engine.training.arrays import Array
from engine.training.dataset import Dataset
from engine.training.diagnosis import signs_of
from engine.training.early_stopping import EarlyStopping
from engine.training.metrics import Metric, Outputs
from engine.training.plan import TrainingPlan
from engine.training.result import LearningCurve, Signals, TrainingResult


@dataclass(frozen=True)
class Measurement:
    """The metric and the mean loss of one network."""

    train_value: float
    train_loss: float
    dev_value: float
    dev_loss: float

    @property
    def is_finite(self) -> bool:
        return all(map(math.isfinite, astuple(self)))

    def to_metrics(self, metric: Metric) -> dict[str, float]:
        return {
            f"train_{metric.name}": self.train_value,
            f"dev_{metric.name}": self.dev_value,
            "train_loss": self.train_loss,
            "dev_loss": self.dev_loss,
        }


def measure(metric: Metric, train: Outputs, dev: Outputs) -> list[Measurement]:
    """One measurement per member."""
    columns = metric.compute(train), train.loss, metric.compute(dev), dev.loss
    return [Measurement(*map(float, row)) for row in zip(*columns, strict=True)]


@dataclass
class Member:
    position: int  # in the list of plans that was given
    plan: TrainingPlan
    metric: Metric
    dataset: Dataset
    stopping: EarlyStopping = field(init=False)
    curve: LearningCurve = field(default_factory=LearningCurve)
    epochs: int = 0
    failure: str | None = None
    signals: Signals = field(default_factory=Signals)

    def __post_init__(self) -> None:
        self.stopping = EarlyStopping(self.plan.early_stopping_patience)

    @property
    def is_done(self) -> bool:
        return self.failure is not None or self.epochs >= self.plan.epochs or self.stopping.is_over(self.epochs)

    def record(self, measured: Measurement, gradient_norms: Array, parameters: Array) -> None:
        """Take note of one more epoch, which ended with `parameters` (P,); `gradient_norms` (L,) are of its start."""
        self.epochs += 1
        self.signals = self.signals.with_epoch(measured.train_loss, gradient_norms.tolist())
        if not measured.is_finite:
            self.failure = f"the loss became NaN or infinite in epoch {self.epochs}"
            return
        self.curve.append(self.epochs, measured.train_value, measured.dev_value)
        self.stopping.record(self.epochs, self.metric.cost(measured.dev_value), measured.dev_loss, parameters)

    def result(self, measured: Measurement, saturated: list[float], parameters: list[Array]) -> TrainingResult:
        """The result, given what was measured with the weights that are kept (`saturated` by hidden layer)."""
        failure = self.failure or (None if measured.is_finite else "the loss of the last weights is NaN or infinite")
        if failure:
            return TrainingResult(None, {}, None, self.epochs, self.curve, parameters, self.signals, failure=failure)
        metrics, best_epoch = measured.to_metrics(self.metric), self.stopping.best_epoch
        signals = replace(self.signals, saturated=saturated)
        signs = signs_of(signals, self.dataset)
        return TrainingResult(
            measured.dev_value, metrics, best_epoch, self.epochs, self.curve, parameters, signals, signs
        )
