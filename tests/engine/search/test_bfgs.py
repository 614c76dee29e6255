import math

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.search.bfgs import minimum

Array = NDArray[np.float64]


def ravine(point: Array) -> tuple[float, Array]:
    """Rosenbrock's function: a bent valley with its lowest point at (1, 1)."""
    x, y = point
    gradient = [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2, np.array(gradient)


def test_it_finds_the_lowest_point_of_a_bent_valley() -> None:
    assert minimum(ravine, np.array([-1.2, 1.0]), most_steps=100, tolerance=1e-6) == pytest.approx([1, 1], abs=1e-6)


def test_it_never_ends_higher_than_it_began() -> None:
    for steps in range(20):
        assert ravine(minimum(ravine, np.array([-1.2, 1.0]), steps, 0.0))[0] <= ravine(np.array([-1.2, 1.0]))[0]


def test_it_stays_where_the_function_has_values() -> None:
    def logarithmic(point: Array) -> tuple[float, Array]:
        x = float(point[0])
        return (x - math.log(x), np.array([1 - 1 / x])) if x > 0 else (math.inf, np.zeros(1))

    assert minimum(logarithmic, np.array([3.0]), most_steps=50, tolerance=1e-8) == pytest.approx([1.0])


def test_it_stays_at_a_lowest_point() -> None:
    assert minimum(ravine, np.ones(2), most_steps=10, tolerance=1e-9).tolist() == [1.0, 1.0]
