"""Normalisation: what it does to the contours of a cost and to the way down."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.training import TrainingPlan, train_pack
from engine.training.arrays import Array
from engine.training.samples import read_sample
from engine.training.standardisation import Standardisation
from scripts.engine_pictures.studies import BREAST_CANCER
from scripts.engine_pictures.style import BLUE, FAINT, INK, RED, beside, panels, save

FEATURES = ("mean radius", "mean texture")
STEPS = 40
RATES = np.geomspace(1e-6, 3, 27).tolist()
ALL_ROWS = 1000  # in one batch: plain gradient descent
PLAN = TrainingPlan(hidden_units=(8,), activation="tanh", optimizer="sgd", batch_size=ALL_ROWS, epochs=60)


def draw(folder: Path) -> dict[str, str]:
    sample = read_sample("breast-cancer")
    rows, targets = sample.rows("train")
    raw = rows[:, [sample.columns.index(name) for name in FEATURES]]
    figure, axes = panels(3, 2.8)
    _contours(axes[0], raw, 2.0 * targets - 1)
    _contours(axes[1], Standardisation.fit(raw).apply(raw), 2.0 * targets - 1)
    axes[0].set_title("cost of two weights, raw features")
    axes[1].set_title("the same, normalised")
    _convergence(axes[2])
    save(figure, folder, "normalisation")
    return {}


def _contours(axis: Any, inputs: Array, targets: Array) -> None:
    """The mean squared error of one linear unit, and gradient descent at the best of all fixed rates."""
    curvature, slope = 2 * inputs.T @ inputs / len(inputs), 2 * inputs.T @ targets / len(inputs)
    bottom = np.linalg.solve(curvature, slope)
    values, directions = np.linalg.eigh(curvature)
    rate = 2 / (values[0] + values[-1])
    reach = 1 / np.sqrt(values[0])
    place = bottom + reach * (0.9 * directions[:, 0]) + 0.5 / np.sqrt(values[-1]) * directions[:, 1]
    way = [place]
    for _ in range(STEPS):
        way.append(way[-1] - rate * (curvature @ way[-1] - slope))
    grid = np.linspace(-1.15 * reach, 1.15 * reach, 61)
    across, up = np.meshgrid(bottom[0] + grid, bottom[1] + grid)
    offsets = np.stack([across - bottom[0], up - bottom[1]], axis=-1)
    cost = np.einsum("...i,ij,...j->...", offsets, curvature, offsets)
    axis.contour(across, up, cost, levels=np.array([0.02, 0.15, 0.4, 0.8, 1.4]), colors=FAINT, linewidths=0.9)
    axis.plot(*np.array(way).T, color=BLUE, linewidth=1, marker="o", markersize=2)
    axis.plot(*bottom, "+", color=INK, markersize=8)
    axis.set(xlabel="weight of the radius", ylabel="weight of the texture", aspect="equal")


def _convergence(axis: Any) -> None:
    """The training loss of a network on all thirty features, each at the best of its rates."""
    for normalised, text, colour in ((True, "normalised", BLUE), (False, "raw", RED)):
        plans = [replace(PLAN, normalize_inputs=normalised, learning_rate=rate) for rate in RATES]
        best = min(train_pack(plans, BREAST_CANCER), key=lambda result: result.metrics.get("train_loss", np.inf))
        losses = best.signals.train_losses
        axis.plot(range(1, len(losses) + 1), losses, color=colour)
        beside(axis, len(losses), losses[-1], text, colour, dx=0, dy=8, ha="right")
    axis.set(title="loss of a network", xlabel="epoch", ylim=(0, None))
