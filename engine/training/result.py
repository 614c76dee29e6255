"""What training one network gives back."""

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from engine.training.arrays import Array

Sign = Literal["vanishing", "exploding", "saturated", "plateau"]


LARGEST_NORM = float(np.finfo(np.float32).max)
MAX_BATCH_LOSSES = 10_000  # 200 KB as text: thousands of epochs of a small table, and enough noise for any picture


@dataclass(frozen=True)
class LearningCurve:
    """The metric epoch by epoch: on the mini-batches of the epoch as they passed, and on all dev rows after it."""

    epoch: list[int] = field(default_factory=list)
    train: list[float] = field(default_factory=list)
    dev: list[float] = field(default_factory=list)
    batch_losses: list[float] = field(default_factory=list)  # of the first mini-batches, if the plan records them

    def append(self, epoch: int, train: float, dev: float) -> None:
        self.epoch.append(epoch)
        self.train.append(train)
        self.dev.append(dev)

    def append_batches(self, losses: Iterable[float]) -> None:
        """Add what there is room for, up to the first loss that is NaN or infinite."""
        room = MAX_BATCH_LOSSES - len(self.batch_losses)
        self.batch_losses.extend(itertools.takewhile(math.isfinite, itertools.islice(losses, room)))


@dataclass(frozen=True)
class Signals:
    """What tells how the learning went, layer by layer from the input on.

    A norm is that of the gradient ∂L/∂W of one mini-batch; one beyond float32 counts as its largest number.
    """

    first_gradient_norms: list[float] = field(default_factory=list)  # at the very first mini-batch
    last_gradient_norms: list[float] = field(default_factory=list)  # at the first of the last epoch
    saturated: list[float] = field(default_factory=list)  # share of each hidden layer's units that hardly learn
    train_losses: list[float] = field(default_factory=list)  # mean over the mini-batches of each epoch, while finite

    def append(self, train_loss: float, gradient_norms: Array) -> None:
        """Take note of one more epoch."""
        norms = np.fmin(gradient_norms, LARGEST_NORM).tolist()  # of NaN and a number, the number
        self.first_gradient_norms[:] = self.first_gradient_norms or norms
        self.last_gradient_norms[:] = norms
        if math.isfinite(train_loss):
            self.train_losses.append(train_loss)


@dataclass(frozen=True)
class TrainingResult:
    """All numbers belong to the weights that were kept, those of `best_epoch`."""

    value: float | None  # the metric on the dev rows; None if the training diverged
    metrics: dict[str, float]  # train_<metric> and dev_<metric> for each of the task's, train_loss, dev_loss
    best_epoch: int | None
    epochs: int  # epochs that were trained
    curve: LearningCurve
    parameters: list[Array] = field(repr=False)  # W1 (in, out), b1 (out,), W2, b2, …, without padding
    signals: Signals = field(default_factory=Signals, repr=False)
    signs: list[Sign] = field(default_factory=list)  # of trouble, see `signs`
    failure: str | None = None  # set if the training diverged
    epochs_saved: int = 0  # by pruning; above 0 exactly if it was pruned, and then its best epoch's weights are kept
