"""Exponentially weighted averages, by what they average."""

import numpy as np
import pytest

from engine.training.arrays import Array
from engine.training.averages import TINY, DecayingSum, flush_tiny, smoothed

BETAS = np.array([[0.5], [0.9], [0.99]])


def sums_of(values: Array) -> DecayingSum:
    total = DecayingSum(BETAS, np.zeros((len(BETAS), 1)))
    for value in values:
        total.add(np.full((len(BETAS), 1), value))
    return total


def test_the_average_of_a_constant_approaches_it_over_a_window_of_one_by_one_minus_beta() -> None:
    total = sums_of(np.ones(10))
    np.testing.assert_allclose(total.factor * total.sum, 1 - BETAS**10)
    assert (total.factor * total.sum)[1] == pytest.approx(1 - 1 / np.e, abs=0.02), "0.9: a window of ten steps"


@pytest.mark.parametrize("steps", [1, 2, 50])
def test_bias_correction_gives_the_constant_itself_from_the_first_step_on(steps: int) -> None:
    np.testing.assert_allclose(sums_of(np.full(steps, 3.0)).average(), np.full((3, 1), 3.0))


def test_it_is_the_weighted_mean_with_weights_that_halve_at_beta_one_half() -> None:
    total = sums_of(np.array([1.0, 2.0, 4.0]))
    assert total.average()[0, 0] == pytest.approx((1 * 1 + 2 * 2 + 4 * 4) / 7)


def test_factors_worked_out_ahead_are_those_of_the_steps_to_come() -> None:
    total = sums_of(np.arange(3.0))
    for factors in total.corrected_factors(4):
        total.add(np.ones((3, 1)))
        np.testing.assert_allclose(factors * total.sum, total.average(), rtol=1e-14)


def test_members_that_stay_do_not_notice_that_others_left() -> None:
    whole, kept = sums_of(np.arange(5.0)), sums_of(np.arange(5.0))
    kept.keep([2])
    whole.add(np.ones((3, 1)))
    kept.add(np.ones((1, 1)))
    assert np.array_equal(kept.sum, whole.sum[[2]])
    assert np.array_equal(kept.average(), whole.average()[[2]])
    assert np.array_equal(kept.corrected_factors(3), whole.corrected_factors(3)[:, [2]])


def test_what_has_decayed_ends_at_zero_and_not_among_the_denormal_numbers() -> None:
    total = DecayingSum(np.array([[0.9]]), np.zeros((1, 1), np.float32))
    total.add(np.ones((1, 1), np.float32))
    for _ in range(2000):
        total.add(np.zeros((1, 1), np.float32))
    assert 0 < total.sum[0, 0] < np.finfo(np.float32).smallest_normal, "without the flush it stays denormal for ever"
    total.flush()
    assert total.sum[0, 0] == 0


def test_only_what_is_tiny_is_flushed() -> None:
    array = np.array([TINY / 2, -TINY / 2, 2 * TINY, -1.0, 0.0])
    flush_tiny(array)
    assert array.tolist() == [0.0, 0.0, 2 * TINY, -1.0, 0.0]


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.98])
def test_a_smoothed_curve_is_the_weighted_mean_of_all_values_so_far(beta: float) -> None:
    values = np.random.default_rng(0).normal(size=30)
    weights = beta ** np.arange(30.0)  # of the latest value, the one before it, and so on
    expected = [np.average(values[: end + 1][::-1], weights=weights[: end + 1]) for end in range(30)]
    np.testing.assert_allclose(smoothed(values.tolist(), beta), expected, rtol=1e-12)


def test_a_smoothed_curve_starts_at_its_first_value_and_keeps_a_constant() -> None:
    assert smoothed([7.0, 1.0], 0.99)[0] == pytest.approx(7.0)
    np.testing.assert_allclose(smoothed([2.5] * 20, 0.9), [2.5] * 20)
    assert smoothed([], 0.9) == []


def test_a_smoothed_curve_follows_a_jump_to_within_an_eth_after_a_window() -> None:
    values = [0.0] * 2000 + [1.0] * 50
    assert smoothed(values, 0.98)[-1] == pytest.approx(1 - 1 / np.e, abs=0.01)


def test_a_smoothed_curve_is_less_noisy_by_the_root_of_the_window() -> None:
    """The variance falls to (1 - β) / (1 + β) of the noise's, and of 20,000 draws about 1,000 are independent.

    Five standard errors each way of √(2 / 1000): a false alarm for one seed in 1,700,000.
    """
    noise = np.random.default_rng(0).normal(size=20_000)
    smooth = np.array(smoothed(noise.tolist(), 0.9))[100:]
    assert smooth.var() == pytest.approx(0.1 / 1.9, rel=5 * np.sqrt(2 / 1000))
