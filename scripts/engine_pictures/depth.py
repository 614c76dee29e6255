"""Initialisation: what is left of the inputs' variance, layer by layer."""

from pathlib import Path
from typing import get_args

import numpy as np

from engine.training import TrainingPlan
from engine.training.arrays import Array
from engine.training.initializers import initial_parameters
from engine.training.layers.activations import Activate, ActivationName
from engine.training.network import answering_network
from engine.training.parameters import Shape
from engine.training.values import MAX_HIDDEN_LAYERS, InitializerName
from scripts.engine_pictures.style import AMBER, BLUE, RED, TEAL, beside, panels, save
from scripts.engine_pictures.tables import markdown

UNITS, ROWS = 256, 200
ACTIVATIONS: tuple[ActivationName, ...] = ("relu", "tanh", "sigmoid")
COLOURS = {"he": BLUE, "xavier": AMBER, "lecun": TEAL, "normal": RED}
INITIALIZERS = tuple(name for name in get_args(InitializerName) if name != "auto")


def draw(folder: Path) -> dict[str, str]:
    figure, axes = panels(3, 3.0, sharey=True)
    rows = []
    for axis, activation in zip(axes, ACTIVATIONS, strict=True):
        for name in INITIALIZERS:
            left = variances(activation, name)
            # Dashed, as it lies upon xavier: these layers have as many inputs as outputs.
            style = (0, (3, 3)) if name == "lecun" else "-"
            axis.plot(range(MAX_HIDDEN_LAYERS + 1), left, color=COLOURS[name], linestyle=style)
            rows.append([f"`{activation}`", f"`{name}`", *(f"{left[layer]:.1g}" for layer in (1, 5, 10))])
        axis.set(title=activation, yscale="log", ylim=(1e-22, 30), xlabel="hidden layer", xticks=range(0, 11, 2))
    _name_lines(axes)
    axes[0].set_ylabel("variance over the rows")
    save(figure, folder, "depth")
    return {"depth": markdown(["", "", "after layer 1", "5", "10"], rows)}


def variances(activation: ActivationName, initializer: InitializerName) -> Array:
    """Of the inputs and of each hidden layer's activations, unit by unit over the rows, on average."""
    plan = TrainingPlan(activation=activation, initializer=initializer, hidden_units=(UNITS,) * MAX_HIDDEN_LAYERS)
    parameters = initial_parameters(Shape((UNITS, *plan.hidden_units, 1)), [plan], np.float64)
    network = answering_network(parameters, [plan], ROWS)
    inputs = np.random.default_rng(0).normal(size=(1, ROWS, UNITS))
    network.forward(inputs)
    hidden = [layer.a for layer in network.layers if isinstance(layer, Activate)]
    return np.array([each.var(axis=1).mean() for each in (inputs, *hidden)])


def _name_lines(axes: Array) -> None:
    places = {
        0: {"he": (10, 0.3, -2, 8), "xavier": (10, 3e-4, 0, -10), "normal": (5, 1e-10, -6, -8)},
        1: {"he": (10, 0.5, -2, 8), "xavier": (10, 0.03, 0, -9), "normal": (6, 1e-11, -6, -8)},
        2: {"he": (6, 1e-6, 4, 6), "xavier": (10, 2e-13, 0, -10), "normal": (3, 1e-14, -6, 0)},
    }
    texts = {"xavier": "xavier, lecun"}
    for panel, named in places.items():
        for name, (x, y, dx, dy) in named.items():
            right = "right" if dx <= 0 else "left"
            beside(axes[panel], x, y, texts.get(name, name), COLOURS[name], dx=dx, dy=dy, ha=right)
