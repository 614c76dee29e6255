"""What training one network gives back."""

from dataclasses import dataclass, field
from typing import Literal

from engine.training.arrays import Array

Sign = Literal["vanishing", "exploding", "saturated", "plateau"]


@dataclass(frozen=True)
class LearningCurve:
    """The metric epoch by epoch: on the mini-batches of the epoch as they passed, and on all dev rows after it."""

    epoch: list[int] = field(default_factory=list)
    train: list[float] = field(default_factory=list)
    dev: list[float] = field(default_factory=list)

    def append(self, epoch: int, train: float, dev: float) -> None:
        self.epoch.append(epoch)
        self.train.append(train)
        self.dev.append(dev)


@dataclass(frozen=True)
class Signals:
    """What tells how the learning went, layer by layer from the input on."""

    first_gradient_norms: list[float] = field(default_factory=list)  # of ∂L/∂W at the very first mini-batch
    last_gradient_norms: list[float] = field(default_factory=list)  # at the first mini-batch of the last epoch
    saturated: list[float] = field(default_factory=list)  # share of each hidden layer's units that hardly learn
    train_losses: list[float] = field(default_factory=list)  # mean over the mini-batches of each epoch

    def with_epoch(self, train_loss: float, gradient_norms: list[float]) -> "Signals":
        """The same with one more epoch."""
        first = self.first_gradient_norms or gradient_norms
        return Signals(first, gradient_norms, self.saturated, [*self.train_losses, train_loss])


@dataclass(frozen=True)
class TrainingResult:
    """All numbers belong to the weights that were kept, those of `best_epoch`."""

    value: float | None  # the metric on the dev rows; None if the training diverged
    metrics: dict[str, float]  # train_<metric>, dev_<metric>, train_loss, dev_loss
    best_epoch: int | None
    epochs: int  # epochs that were trained
    curve: LearningCurve
    parameters: list[Array] = field(repr=False)  # W1 (in, out), b1 (out,), W2, b2, …, without padding
    signals: Signals = field(default_factory=Signals, repr=False)
    signs: list[Sign] = field(default_factory=list)  # of trouble, see `diagnosis`
    failure: str | None = None  # set if the training diverged
