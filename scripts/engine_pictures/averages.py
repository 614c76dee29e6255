"""Exponentially weighted averages by their β, and with and without bias correction."""

from pathlib import Path

import numpy as np

from engine.training.averages import DecayingSum, smoothed
from scripts.engine_pictures.style import AMBER, BLUE, FAINT, RED, beside, panels, save

DAYS = 180


def draw(folder: Path) -> dict[str, str]:
    days = np.arange(1, DAYS + 1)
    values = 12 + 8 * np.sin(days / 55) + np.random.default_rng(0).normal(scale=3, size=DAYS)
    figure, axes = panels(2, 2.8)
    axes[0].plot(days, values, ".", color=FAINT, markersize=4)
    for beta, colour, window in ((0.9, BLUE, 10), (0.98, AMBER, 50)):
        smooth = smoothed(values.tolist(), beta)
        axes[0].plot(days, smooth, color=colour)
        beside(axes[0], DAYS, smooth[-1], f"β {beta}\n{window} steps", colour)
    axes[0].set(title="noisy values, averaged", xlabel="step")

    few = days[:60]
    plain = _uncorrected(values.tolist(), 0.98)
    corrected = smoothed(values.tolist(), 0.98)
    axes[1].plot(few, values[:60], ".", color=FAINT, markersize=4)
    axes[1].plot(few, corrected[:60], color=AMBER)
    axes[1].plot(few, plain[:60], color=RED)
    beside(axes[1], 60, corrected[59], "corrected", AMBER)
    beside(axes[1], 60, plain[59], "as it is", RED)
    axes[1].set(title="β 0.98: bias correction", xlabel="step", ylim=(0, None))
    save(figure, folder, "averages")
    return {}


def _uncorrected(values: list[float], beta: float) -> list[float]:
    """(1 - β) S: what starts at 0."""
    total = DecayingSum(np.array([[beta]]), np.zeros((1, 1)))
    found = []
    for value in values:
        total.add(np.array([[value]]))
        found.append(float((total.factor * total.sum).item()))
    return found
