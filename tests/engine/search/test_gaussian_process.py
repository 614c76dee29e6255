import numpy as np
import pytest
from numpy.typing import NDArray

from engine.search.gaussian_process import LENGTH_SCALE, GaussianProcess, likeliest_kernel
from engine.search.kernel import Kernel, surprise

Array = NDArray[np.float64]

PARAMETER_OF = np.array([0, 1, 1, 2])  # the second parameter has two columns
KERNEL = Kernel(PARAMETER_OF, np.log([0.3, 0.8, 1.5, 1.2, 0.05]))


def told(count: int = 30, seed: int = 0) -> tuple[Array, Array]:
    """Points, and results of mean 0 and variance 1 that hang on the first column most and on the last not at all."""
    stream = np.random.default_rng(seed)
    points = stream.random((count, len(PARAMETER_OF)))
    results = np.sin(6 * points[:, 0]) + points[:, 1] + 0.05 * stream.standard_normal(count)
    return points, (results - results.mean()) / results.std()


def matern(a: Array, b: Array) -> float:
    """The formula in its usual words, for one pair."""
    scales = np.exp(KERNEL.logarithms[:-2])[PARAMETER_OF]
    root = np.sqrt(5 * np.sum(((a - b) / scales) ** 2))
    return 1.2 * (1 + root + root**2 / 3) * np.exp(-root)


def covariances(points: Array, others: Array) -> Array:
    return np.array([[matern(a, b) for b in others] for a in points])


def test_a_prediction_is_that_of_the_textbook() -> None:
    points, results = told()
    asked = np.random.default_rng(1).random((5, len(PARAMETER_OF)))
    process = GaussianProcess.told(KERNEL, points, results)
    mean, variance = process.predicted(asked)
    inverse = np.linalg.inv(covariances(points, points) + KERNEL.noise * np.eye(len(points)))
    across = covariances(points, asked)
    assert mean == pytest.approx(across.T @ inverse @ results)
    assert process.mean(asked) == pytest.approx(mean)
    assert process.expecting(asked[0]).mean(asked) == pytest.approx(mean)
    assert variance == pytest.approx([1.2 - column @ inverse @ column for column in across.T])


def test_expecting_a_result_is_being_told_the_mean_there() -> None:
    points, results = told()
    asked, new = np.random.default_rng(1).random((6, len(PARAMETER_OF))), np.full(len(PARAMETER_OF), 0.4)
    before = GaussianProcess.told(KERNEL, points, results)
    mean_there, _ = before.predicted(new[None])
    after = GaussianProcess.told(KERNEL, np.vstack([points, new]), np.append(results, mean_there))
    for expected, found in zip(before.expecting(new).predicted(asked), after.predicted(asked), strict=True):
        assert expected == pytest.approx(found)


def test_the_gradient_of_the_surprise_is_that_of_central_differences() -> None:
    points, results = told()
    _, gradient = surprise(KERNEL, points, results)
    for place in range(len(KERNEL.logarithms)):
        step = 1e-5 * (np.arange(len(KERNEL.logarithms)) == place)
        above, _ = surprise(Kernel(PARAMETER_OF, KERNEL.logarithms + step), points, results)
        below, _ = surprise(Kernel(PARAMETER_OF, KERNEL.logarithms - step), points, results)
        assert gradient[place] == pytest.approx((above - below) / 2e-5, rel=1e-6)


def test_the_likeliest_kernel_finds_out_which_parameters_matter() -> None:
    length_scales = np.exp(likeliest_kernel(PARAMETER_OF, *told(60)).logarithms[:-2])
    assert length_scales[0] < length_scales[1] < length_scales[2]


def test_without_differences_the_kernel_is_what_is_believed_beforehand_or_smoother() -> None:
    points, _ = told()
    kernel = likeliest_kernel(PARAMETER_OF, points, np.zeros(len(points)))
    assert np.all(kernel.logarithms[:-2] >= LENGTH_SCALE[0])


def test_many_trials_at_one_point_are_no_trouble() -> None:
    points = np.tile(0.5, (50, len(PARAMETER_OF)))
    results = np.resize([1.0, -1.0], 50)
    kernel = likeliest_kernel(PARAMETER_OF, points, results)
    mean, variance = GaussianProcess.told(kernel, points, results).predicted(points[:1])
    assert mean == pytest.approx([0.0], abs=1e-6)
    assert 0 < variance[0] < 0.1
