"""L1 and L2 by their λ, on a network that has too few rows."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.training import TrainingPlan
from scripts.engine_pictures.studies import FEW_DIGITS, mean, measured, results_of, weights_norm
from scripts.engine_pictures.style import AMBER, BLUE, beside, panels, save
from scripts.engine_pictures.tables import markdown, percent

PLAN = TrainingPlan(hidden_units=(128, 128), learning_rate=0.003, batch_size=32, epochs=60)
LAMBDAS = {"l2": (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0), "l1": (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)}
COLOURS = {"l2": BLUE, "l1": AMBER}
COLUMNS = ("train error", "dev error", "norm of the weights", "weights that are 0")


def draw(folder: Path) -> dict[str, str]:
    found = {name: np.array([_measure(name, each) for each in values]) for name, values in LAMBDAS.items()}
    figure, axes = panels(3)
    for axis, title, column, factor in zip(
        axes, ("dev error, %", "norm of the weights", "weights that are 0, %"), (1, 2, 3), (100, 1, 100), strict=True
    ):
        for name, values in LAMBDAS.items():
            x, y = values[1:], factor * found[name][1:, column]
            axis.plot(x, y, color=COLOURS[name], marker="o", markersize=3.5)
            is_crossed = (column, name) == (2, "l1")  # the end of its line lies upon the other's
            end, dx, dy = (0, 4, 8) if is_crossed else (-1, 6, 0)
            beside(axis, x[end], y[end], name.upper(), COLOURS[name], dx=dx, dy=dy)
        axis.axhline(factor * found["l2"][0, column], color="#9aa5b1", linewidth=1, linestyle=(0, (4, 3)))
        axis.set(title=title, xscale="log", xlabel="λ", ylim=(0, None))
    beside(axes[0], 0.01, 100 * found["l2"][0, 1], "without", "#616e7c", dx=0, dy=6)
    save(figure, folder, "penalties")
    rows = [
        [f"`{name}` {each:g}", percent(row[0]), percent(row[1]), f"{row[2]:.1f}", f"{100 * row[3]:.0f} %"]
        for name, values in LAMBDAS.items()
        for each, row in zip(values, found[name], strict=True)
        if each or name == "l2"
    ]
    return {"penalties": markdown(["", *COLUMNS], rows)}


def _measure(name: str, size: float) -> tuple[float, ...]:
    penalty: dict[str, Any] = {name: size}
    results = results_of(replace(PLAN, **penalty), FEW_DIGITS)
    zeros = mean(results, lambda result: np.mean(np.concatenate([w.ravel() == 0 for w in result.parameters[::2]])))
    errors = (mean(results, measured(f"{split}_error_rate")) for split in ("train", "dev"))
    return (*errors, mean(results, weights_norm), zeros)
