"""Optimisers where descent is hard: on a saddle and on a plateau. test_optimizers.py has the ravine."""

from collections.abc import Callable

import numpy as np
import pytest

from engine.training.arrays import Array
from engine.training.optimizers import OPTIMIZERS
from engine.training.plan import TrainingPlan
from engine.training.values import OptimizerName

RATE = 0.05  # on the saddle sgd's limit is 2 / WALL
WALL = 30.0
Slope = Callable[[Array], Array]


def path(optimizer: OptimizerName, start: tuple[float, float], slope: Slope, steps: int, rate: float = RATE) -> Array:
    """(steps + 1, 2): the places passed from `start` down `slope`."""
    plan = TrainingPlan(optimizer=optimizer, learning_rate=rate)
    place = np.array([start], np.float32)
    made, places = OPTIMIZERS[optimizer]([plan], place), [place[0].copy()]
    made.prepare(np.array([[rate]]), steps)
    for _ in range(steps):
        made.step(place, slope(place).astype(np.float32))
        places.append(place[0].copy())
    return np.array(places)


def saddle(place: Array) -> Array:
    """The slope of ½ (30 x² - y²) + ¼ y⁴: between steep walls it is 0 at (0, 0), and the way down leads to (0, ±1)."""
    x, y = place[:, :1], place[:, 1:]
    return np.concatenate([WALL * x, y**3 - y], axis=1)


def plateau(place: Array) -> Array:
    """The slope of Σ tanh²(w / 2), which far from its bottom at (0, 0) is nearly flat."""
    level = np.tanh(place / 2)
    return level * (1 - level**2)


@pytest.mark.parametrize("optimizer", ["adagrad", "rmsprop", "adam"])
def test_adaptive_optimizers_leave_a_saddle_where_sgd_is_still_stuck(optimizer: OptimizerName) -> None:
    start = (1.0, 1e-3)
    assert abs(path("sgd", start, saddle, 100)[-1, 1]) < 0.2
    assert abs(path(optimizer, start, saddle, 100)[-1, 1]) > 0.9


def steps_off_the_saddle(optimizer: OptimizerName, rate: float) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        places = path(optimizer, (0.1, 1e-3), saddle, 200, rate)
    off = np.abs(np.abs(places[:, 1]) - 1) < 0.1
    return float(np.argmax(off)) if abs(places[-1, 0]) < 0.1 and off.any() else np.inf


def test_momentum_leaves_a_saddle_between_walls_sooner_than_sgd_at_any_rate() -> None:
    """The walls bound the rate of sgd; momentum takes them at ten times that rate, as its steps to and fro cancel."""
    rates = np.geomspace(1e-3, 3, 60)
    sgd, momentum = (min(steps_off_the_saddle(name, rate) for rate in rates) for name in ("sgd", "momentum"))
    assert momentum < sgd / 2


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_none_leaves_a_saddle_from_exactly_its_ridge(optimizer: OptimizerName) -> None:
    """Its slope there is 0. What saves a network is the noise of its mini-batches."""
    assert not path(optimizer, (1.0, 0.0), saddle, 200)[:, 1].any()


@pytest.mark.parametrize("optimizer", ["rmsprop", "adam"])
def test_adaptive_optimizers_cross_a_plateau_where_sgd_hardly_moves(optimizer: OptimizerName) -> None:
    """Their steps are about as long as the rate, however small the slope."""
    start = (8.0, 8.0)
    assert np.linalg.norm(path("sgd", start, plateau, 250)[-1] - start) < 0.1
    assert np.linalg.norm(path(optimizer, start, plateau, 250)[-1]) < 0.3
