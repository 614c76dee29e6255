"""One plan of a pack while it trains: what was measured of it, and when it is done."""

import math
from dataclasses import dataclass, field, replace

from engine.training.arrays import Array
from engine.training.dataset import Dataset
from engine.training.early_stopping import EarlyStopping
from engine.training.metrics import Metric, Outputs
from engine.training.plan import TrainingPlan
from engine.training.result import MAX_BATCH_LOSSES, LearningCurve, Signals, TrainingResult
from engine.training.signs import signs_of


@dataclass(frozen=True)
class Measurement:
    """The metric and the mean loss of one network."""

    train_value: float
    train_loss: float
    dev_value: float
    dev_loss: float

    @property
    def is_finite(self) -> bool:
        return all(map(math.isfinite, (self.train_value, self.train_loss, self.dev_value, self.dev_loss)))


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
    may_be_pruned: bool = False
    is_pruned: bool = False
    stopping: EarlyStopping = field(init=False)
    best: EarlyStopping = field(init=False)
    curve: LearningCurve = field(default_factory=LearningCurve)
    epochs: int = 0
    failure: str | None = None
    signals: Signals = field(default_factory=Signals)

    def __post_init__(self) -> None:
        patience = self.plan.early_stopping_patience
        self.stopping = EarlyStopping(patience)
        # A member that is pruned keeps its best epoch even if its plan would have kept the last.
        self.best = self.stopping if patience is not None else EarlyStopping(self.plan.epochs)

    @property
    def is_done(self) -> bool:
        return self._has_ended or self.is_pruned

    @property
    def _has_ended(self) -> bool:
        return self.failure is not None or self.epochs >= self.plan.epochs or self.stopping.is_over(self.epochs)

    def give_up(self) -> None:
        """Prune it, unless it has ended by itself."""
        self.is_pruned = not self._has_ended

    @property
    def selection(self) -> EarlyStopping:
        """What tells the epoch whose weights are kept."""
        return self.best if self.is_pruned else self.stopping

    @property
    def records_batches(self) -> bool:
        return self.plan.record_batch_losses and len(self.curve.batch_losses) < MAX_BATCH_LOSSES

    def record(self, measured: Measurement, gradient_norms: Array, parameters: Array) -> None:
        """Take note of one more epoch, which ended with `parameters` (P,); `gradient_norms` (L,) are of its start."""
        self.epochs += 1
        self.signals.append(measured.train_loss, gradient_norms)
        if not measured.is_finite:
            self.failure = f"the loss became NaN or infinite in epoch {self.epochs}"
            return
        self.curve.append(self.epochs, measured.train_value, measured.dev_value)
        score = self.metric.cost(measured.dev_value), measured.dev_loss
        self.stopping.record(self.epochs, *score, parameters)
        if self.may_be_pruned and self.best is not self.stopping:
            self.best.record(self.epochs, *score, parameters)

    def result(self, metrics: dict[str, float], saturated: list[float], parameters: list[Array]) -> TrainingResult:
        """The result, given what was measured with the weights that are kept (`saturated` by hidden layer)."""
        is_finite = all(map(math.isfinite, metrics.values()))
        failure = self.failure or (None if is_finite else f"the loss became NaN or infinite after epoch {self.epochs}")
        signals = self.signals if failure else replace(self.signals, saturated=saturated)
        return TrainingResult(
            value=None if failure else metrics[f"dev_{self.metric.name}"],
            metrics={} if failure else metrics,
            best_epoch=None if failure else self.selection.best_epoch,
            epochs=self.epochs,
            curve=self.curve,
            parameters=parameters,
            signals=signals,
            signs=signs_of(signals, None if failure else metrics["train_loss"], self.plan.batch_size, self.dataset),
            failure=failure,
            epochs_saved=self.plan.epochs - self.epochs if self.is_pruned and failure is None else 0,
        )
