"""The optimisers on a ravine, a saddle and a plateau: their ways, and the cost step by step."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.training import TrainingPlan
from engine.training.arrays import Array
from engine.training.optimizers import OPTIMIZERS
from engine.training.values import OptimizerName
from scripts.engine_pictures.style import AMBER, BLUE, FAINT, INK, QUIET, TEAL, VIOLET, panels, save
from scripts.engine_pictures.tables import markdown

COLOURS: dict[OptimizerName, str] = {
    "sgd": QUIET,
    "momentum": AMBER,
    "adagrad": VIOLET,
    "rmsprop": TEAL,
    "adam": BLUE,
}

Ways = dict[OptimizerName, Array]


@dataclass(frozen=True)
class Landscape:
    kind: str
    formula: str
    cost: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], tuple[Array, Array]]
    start: tuple[float, float]
    reach: tuple[tuple[float, float], tuple[float, float]]  # what is drawn, along x and y
    steps: int
    rates: dict[OptimizerName, float]
    levels: tuple[float, ...]

    def way(self, optimizer: OptimizerName) -> Array:
        """(steps + 1, 2)"""
        plan = TrainingPlan(optimizer=optimizer, learning_rate=self.rates[optimizer])
        place = np.array([self.start])
        made, places = OPTIMIZERS[optimizer]([plan], place), [self.start]
        made.prepare(np.array([[plan.learning_rate]]), self.steps)
        for _ in range(self.steps):
            made.step(place, np.array([self.slope(*place[0])]))
            places.append(tuple(place[0]))
        return np.array(places)


def tanh_slope(w: Array) -> Array:
    """Of tanh²(w / 2)."""
    level = np.tanh(w / 2)
    return level * (1 - level**2)


LANDSCAPES = (
    Landscape(
        "ravine",
        "½ (x² + 100 y²)",
        lambda x, y: (x**2 + 100 * y**2) / 2,
        lambda x, y: (x, 100 * y),
        (-2.0, 0.25),
        ((-2.3, 0.9), (-0.4, 0.4)),
        100,
        {"sgd": 0.018, "momentum": 0.1, "adagrad": 0.3, "rmsprop": 0.03, "adam": 0.1},
        (0.05, 0.3, 0.8, 1.6, 3.2, 6),
    ),
    Landscape(
        "saddle",
        "½ (30 y² - x²) + ¼ x⁴",
        lambda x, y: (30 * y**2 - x**2) / 2 + x**4 / 4 + 0.25,
        lambda x, y: (x**3 - x, 30 * y),
        (0.001, 0.25),
        ((-0.35, 1.5), (-0.4, 0.4)),
        100,
        {"sgd": 0.05, "momentum": 0.2, "adagrad": 0.05, "rmsprop": 0.03, "adam": 0.05},
        (0.02, 0.1, 0.25, 0.5, 1, 2),
    ),
    Landscape(
        "plateau",
        "tanh²(x/2) + tanh²(y/2)",
        lambda x, y: np.tanh(x / 2) ** 2 + np.tanh(y / 2) ** 2,
        lambda x, y: (tanh_slope(x), tanh_slope(y)),
        (-6.0, 4.0),
        ((-7, 2.4), (-2.4, 5)),
        150,
        dict.fromkeys(COLOURS, 0.1),
        (0.1, 0.4, 0.8, 1.1, 1.5, 1.9, 1.98),
    ),
)


def draw(folder: Path) -> dict[str, str]:
    ways = [{name: landscape.way(name) for name in COLOURS} for landscape in LANDSCAPES]
    figure, axes = panels(3, 2.6)
    for axis, landscape, by_name in zip(axes, LANDSCAPES, ways, strict=True):
        _map(axis, landscape)
        for name, way in by_name.items():
            axis.plot(*way.T, color=COLOURS[name], linewidth=1.3)
            axis.plot(*way[-1], "o", color=COLOURS[name], markersize=5, markeredgecolor="white")
    _name_colours(axes[-1], 0.03, 0.5, 0.1, ha="left", bbox={"pad": 0.5, "color": "white"})
    save(figure, folder, "landscapes")
    _draw_costs(folder, ways)
    return {"landscapes": _table(ways)}


def _draw_costs(folder: Path, ways: list[Ways]) -> None:
    figure, axes = panels(3, 2.2)
    for axis, landscape, by_name, highest in zip(axes, LANDSCAPES, ways, (2.2, 0.45, 2.05), strict=True):
        for name, way in by_name.items():
            axis.plot(landscape.cost(*way.T), color=COLOURS[name])
        axis.set(title=f"{landscape.kind}: cost", xlabel="step", ylim=(0, highest))
    _name_colours(axes[0], 0.98, 0.98, 0.14, ha="right")
    save(figure, folder, "landscape_costs")


def _name_colours(axis: Any, x: float, top: float, distance: float, **style: Any) -> None:
    """The optimisers below each other; places are shares of the axis."""
    for line, (name, colour) in enumerate(COLOURS.items()):
        axis.text(x, top - distance * line, name, color=colour, transform=axis.transAxes, va="top", **style)


def _table(ways: list[Ways]) -> str:
    rows: dict[OptimizerName, list[str]] = {name: [f"`{name}`"] for name in COLOURS}
    heads = [""]
    for landscape, by_name in zip(LANDSCAPES, ways, strict=True):
        heads += [f"{landscape.kind}: rate", f"cost after {landscape.steps} steps"]
        for name, way in by_name.items():
            rows[name] += [f"{landscape.rates[name]:g}", f"{landscape.cost(*way[-1]):.2g}"]
    return markdown(heads, list(rows.values()))


def _map(axis: Any, landscape: Landscape) -> None:
    x, y = (np.linspace(*reach, 35) for reach in landscape.reach)
    costs = landscape.cost(*np.meshgrid(x, y))
    axis.contour(x, y, costs, levels=landscape.levels, colors=FAINT, linewidths=0.8)
    axis.plot(*landscape.start, "o", color=INK, markersize=4)
    axis.set(title=f"{landscape.kind}  {landscape.formula}", xlim=landscape.reach[0], ylim=landscape.reach[1])
