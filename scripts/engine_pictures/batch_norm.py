"""Batch norm on digits: by learning rate, by initialiser, and by batch size."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.training import Dataset, TrainingPlan
from engine.training.arrays import Array
from engine.training.values import InitializerName
from scripts.engine_pictures.studies import DIGITS, FEW_DIGITS, mean, measured, results_of
from scripts.engine_pictures.style import BLUE, QUIET, beside, panels, save
from scripts.engine_pictures.tables import markdown, percent

DEEP = TrainingPlan(hidden_units=(64,) * 4, optimizer="sgd", batch_size=64, epochs=20)
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
INITIALIZERS: tuple[InitializerName, ...] = ("he", "xavier", "lecun", "normal")
NORMALISED = {False: ("without", QUIET), True: ("batch_norm", BLUE)}

SHALLOW = TrainingPlan(hidden_units=(64, 64), optimizer="sgd", learning_rate=0.1)
SIZES, STEPS = (8, 32, 100, 300), 1500  # the same number of steps for each size
SEEDS = 40

Errors = dict[bool, list[tuple[float, float]]]


def draw(folder: Path) -> dict[str, str]:
    by_rate = _both(DIGITS, [replace(DEEP, learning_rate=rate) for rate in RATES], 10)
    by_start = _both(DIGITS, [replace(DEEP, learning_rate=0.1, initializer=name) for name in INITIALIZERS], 10)
    by_size = {switch: np.array([_dev_errors(size, switch) for size in SIZES]) for switch in NORMALISED}
    figure, axes = panels(3, 2.8)
    _lines(axes[0], RATES, by_rate)
    axes[0].set(title="dev error, %", xscale="log", xlabel="learning_rate")
    beside(axes[0], 0.4, 30, "without", QUIET, dx=-2, ha="right")
    beside(axes[0], 3.0, 3.6, "batch_norm", BLUE, dx=6, dy=-6)
    _lines(axes[1], range(len(INITIALIZERS)), by_start, joined=False)
    axes[1].set(title="dev error by start, %", xlabel="initializer", xlim=(-0.4, 3.4))
    for axis in axes[:2]:
        axis.set(yscale="log", ylim=(1.8, 110))
        axis.set_yticks((2, 5, 10, 20, 50, 100), ("2", "5", "10", "20", "50", "100"))
    axes[1].set_xticks(range(len(INITIALIZERS)), INITIALIZERS)
    for switch, (_, colour) in NORMALISED.items():
        axes[2].plot(SIZES, 100 * by_size[switch].mean(axis=1), color=colour, marker="o", markersize=4)
    axes[2].set(title="300 rows: dev error, %", xscale="log", xlabel="batch_size", ylim=(9.4, 11))
    axes[2].set_xticks(SIZES, SIZES)
    for switch, (text, colour) in NORMALISED.items():
        beside(axes[2], SIZES[0], 100 * by_size[switch][0].mean(), text, colour, dx=0, dy=-22 if switch else 10)
    save(figure, folder, "batch_norm")
    return {
        "batch norm by rate": _table("learning rate", [f"{rate:g}" for rate in RATES], by_rate),
        "batch norm by initializer": _table("initializer", [f"`{name}`" for name in INITIALIZERS], by_start),
        "batch norm by size": _table_by_size(by_size),
    }


def _dev_errors(size: int, batch_norm: bool) -> list[float]:
    """Seed by seed."""
    epochs = STEPS // -(-FEW_DIGITS.train.rows // size)
    plan = replace(SHALLOW, batch_size=size, epochs=epochs, batch_norm=batch_norm)
    return [measured("dev_error_rate")(result) for result in results_of(plan, FEW_DIGITS, SEEDS)]


def _table_by_size(errors: dict[bool, Array]) -> str:
    """With the standard error of the mean of the seeds' differences."""
    rows = []
    for n, size in enumerate(SIZES):
        without, normalised = errors[False][n], errors[True][n]
        difference = 100 * (normalised - without)
        spread = difference.std(ddof=1) / np.sqrt(SEEDS)
        rows.append(
            [str(size), percent(without.mean()), percent(normalised.mean()), f"{difference.mean():+.2f} ± {spread:.2f}"]
        )
    return markdown(["batch size", "dev without", "dev with", "difference, points"], rows)


def _both(dataset: Dataset, plans: list[TrainingPlan], seeds: int) -> Errors:
    """Mean train and dev errors for each plan, without and with batch norm."""
    return {
        switch: [_errors(dataset, replace(plan, batch_norm=switch), seeds) for plan in plans] for switch in NORMALISED
    }


def _errors(dataset: Dataset, plan: TrainingPlan, seeds: int) -> tuple[float, float]:
    results = results_of(plan, dataset, seeds)
    return mean(results, measured("train_error_rate")), mean(results, measured("dev_error_rate"))


def _lines(axis: Any, x: Any, errors: Errors, *, joined: bool = True) -> None:
    for switch, (_, colour) in NORMALISED.items():
        y = 100 * np.array(errors[switch])[:, 1]
        axis.plot(x, y, color=colour, marker="o", markersize=4, linestyle="-" if joined else "none")


def _table(kind: str, names: list[str], errors: Errors) -> str:
    rows = [
        [name, *(percent(error) for switch in NORMALISED for error in errors[switch][n])]
        for n, name in enumerate(names)
    ]
    return markdown([kind, "train without", "dev without", "train with", "dev with"], rows)
