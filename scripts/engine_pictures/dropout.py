"""Dropout by its keep_prob: the errors, and the norm of the weights on two kinds of task."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.training import TrainingPlan
from scripts.engine_pictures.studies import DIABETES, FEW_DIGITS, mean, measured, results_of, weights_norm
from scripts.engine_pictures.style import AMBER, BLUE, QUIET, TEAL, beside, panels, save
from scripts.engine_pictures.tables import markdown, percent

KEEP_PROBS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2)
PLAN = TrainingPlan(hidden_units=(128, 128), learning_rate=0.003, batch_size=32, epochs=60)
REGRESSION = replace(PLAN, hidden_units=(64,), activation="tanh")


def draw(folder: Path) -> dict[str, str]:
    digits = [results_of(PLAN, FEW_DIGITS, keep_probs=_each(keep, 2)) for keep in KEEP_PROBS]
    diabetes = [results_of(REGRESSION, DIABETES, keep_probs=_each(keep, 1)) for keep in KEEP_PROBS]
    train, dev = ([mean(each, measured(f"{split}_error_rate")) for each in digits] for split in ("train", "dev"))
    rmse = [mean(each, measured("dev_rmse")) for each in diabetes]
    norms = [[mean(each, weights_norm) for each in task] for task in (digits, diabetes)]

    figure, axes = panels(3)
    for values, text, colour in ((train, "train", QUIET), (dev, "dev", BLUE)):
        percents = [100 * value for value in values]
        _line(axes[0], percents, colour)
        beside(axes[0], KEEP_PROBS[0], percents[0], text, colour, dx=0, dy=10)
    axes[0].set(title="digits, 300 rows: error, %", ylim=(-0.4, None))
    _line(axes[1], rmse, TEAL)
    axes[1].set(title="diabetes: dev error (rmse)")
    for values, text, colour in zip(norms, ("digits", "diabetes"), (BLUE, AMBER), strict=True):
        shares = [100 * value / values[0] for value in values]
        _line(axes[2], shares, colour)
        beside(axes[2], KEEP_PROBS[-1], shares[-1], text, colour, dx=6)
    axes[2].set(title="norm of the weights, %", ylim=(0, 112))
    for axis in axes:
        axis.set(xlabel="keep_prob", xlim=(1.02, 0.18))
    save(figure, folder, "dropout")
    rows = [
        [f"{keep:g}", percent(train[n]), percent(dev[n]), f"{norms[0][n]:.1f}", f"{rmse[n]:.1f}", f"{norms[1][n]:.1f}"]
        for n, keep in enumerate(KEEP_PROBS)
    ]
    heads = ["`keep_prob`", "digits: train", "dev", "norm", "diabetes: dev rmse", "norm"]
    return {"dropout": markdown(heads, rows)}


def _each(keep: float, layers: int) -> tuple[float, ...]:
    return () if keep == 1 else (keep,) * layers


def _line(axis: Any, values: list[float], colour: str) -> None:
    axis.plot(KEEP_PROBS, values, color=colour, marker="o", markersize=3.5)
