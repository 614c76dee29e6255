import math

import numpy as np
import pytest

from engine.search.improvement import FAR_BELOW, log_expected_improvement


def integrated(mean: float, deviation: float, best: float) -> float:
    """E[max(best - f, 0)] as a sum over f."""
    f = np.linspace(mean - 12 * deviation, best, 200_001)
    density = np.exp(-0.5 * ((f - mean) / deviation) ** 2) / (deviation * math.sqrt(2 * math.pi))
    return float(np.trapezoid((best - f) * density, f))


@pytest.mark.parametrize(("mean", "deviation", "best"), [(0, 1, 0), (1, 0.5, -1), (-2, 0.3, 1), (3, 2, 2.5)])
def test_it_is_the_logarithm_of_the_expectation(mean: float, deviation: float, best: float) -> None:
    found = log_expected_improvement(np.array([mean]), np.array([deviation**2]), best)
    assert found == pytest.approx([math.log(integrated(mean, deviation, best))], rel=1e-6)


def test_it_goes_on_without_a_step_where_the_formula_changes() -> None:
    z = FAR_BELOW + np.array([-1e-6, 1e-6])
    below, above = log_expected_improvement(-z, np.ones(2), 0.0)
    assert above - below == pytest.approx(2e-6 * -FAR_BELOW, rel=0.05)  # its slope is that of -z² / 2


def test_it_tells_hopeless_points_apart() -> None:
    means = np.linspace(0, 1000, 50)
    found = log_expected_improvement(means, np.ones(50), 0.0)
    assert np.all(np.isfinite(found))
    assert np.all(np.diff(found) < 0)


def test_of_two_equal_means_the_less_certain_one_promises_more() -> None:
    sure, unsure = log_expected_improvement(np.array([1.0, 1.0]), np.array([0.01, 1.0]), 0.0)
    assert unsure > sure
