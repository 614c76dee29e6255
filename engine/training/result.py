"""What training one network gives back."""

from dataclasses import dataclass, field

from engine.training.arrays import Array


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
class TrainingResult:
    """All numbers belong to the weights that were kept, those of `best_epoch`."""

    value: float | None  # the metric on the dev rows; None if the training diverged
    metrics: dict[str, float]  # train_<metric>, dev_<metric>, train_loss, dev_loss
    best_epoch: int | None
    epochs: int  # epochs that were trained
    curve: LearningCurve
    parameters: list[Array] = field(repr=False)  # W1 (in, out), b1 (out,), W2, b2, …, without padding
    failure: str | None = None  # set if the training diverged
