"""The cost of each mini-batch, by their size."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.training import TrainingPlan
from engine.training.averages import smoothed
from engine.training.pack import Pack
from scripts.engine_pictures.studies import DIGITS
from scripts.engine_pictures.style import BLUE, FAINT, panels, save

ROWS = DIGITS.train.rows
PLAN = TrainingPlan(hidden_units=(32,), optimizer="sgd")
# Size, learning rate, epochs, β of the smooth line
KINDS = ((1, 0.01, 1, 0.98), (64, 0.1, 10, 0.9), (ROWS, 0.3, 100, 0.0))


def draw(folder: Path) -> dict[str, str]:
    figure, axes = panels(3, 2.6, sharey=True)
    for axis, (size, rate, epochs, beta) in zip(axes, KINDS, strict=True):
        costs = _costs(size, rate, epochs)
        steps = np.arange(1, len(costs) + 1)
        axis.plot(steps, costs, color="#8db8da" if beta else BLUE, linewidth=0.6 if beta else 1.6)
        if beta:
            axis.plot(steps, smoothed(costs, beta), color=BLUE)
        smooth, whole = f", smoothed with β {beta}" if beta else "", ", all rows" if size == ROWS else ""
        axis.set(title=f"batch_size {size}{whole}{smooth}", xlabel=f"step, {epochs} epoch{'s' * (epochs > 1)}")
        axis.set(yscale="log", ylim=(2e-2, 8))
        axis.spines["left"].set_color(FAINT)
    axes[0].set_ylabel("cost of the mini-batch")
    save(figure, folder, "batches")
    return {}


def _costs(size: int, rate: float, epochs: int) -> list[float]:
    pack = Pack([replace(PLAN, batch_size=size, learning_rate=rate)], DIGITS)
    costs: list[float] = []
    for _ in range(epochs):
        pack.train_epoch()
        costs += pack.batch_costs()[0].tolist()
    return costs
