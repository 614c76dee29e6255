"""Which epoch's weights a member keeps, and when to stop looking for better ones."""

from dataclasses import dataclass, field

from engine.training.arrays import Array


@dataclass
class EarlyStopping:
    """Patience on the dev metric. Ties go to the lower dev loss, then to the earlier epoch.

    Without patience (None) nothing stops a member early and the last epoch's weights are kept.
    """

    patience: int | None
    best_epoch: int = 0
    best_score: tuple[float, float] = (float("inf"), float("inf"))  # (cost, dev loss), lower is better
    best_parameters: Array | None = field(default=None, repr=False)  # (P,)

    def record(self, epoch: int, cost: float, loss: float, parameters: Array) -> None:
        """Take note of an epoch (counted from 1) that ended with `parameters` (P,), which may change afterwards."""
        if self.patience is None:
            self.best_epoch = epoch
        elif self.best_parameters is None or (cost, loss) < self.best_score:
            self.best_epoch, self.best_score = epoch, (cost, loss)
            self.best_parameters = parameters.copy()

    def is_over(self, epoch: int) -> bool:
        return self.patience is not None and epoch - self.best_epoch >= self.patience

    def kept(self, last: Array) -> Array:
        """The weights to keep, given those after the last epoch."""
        return last if self.best_parameters is None else self.best_parameters
