import numpy as np
import pytest

from engine.search import Observation
from engine.search.results import standardised, tempered, thinned


def observed(*results: float | None) -> list[Observation]:
    return [Observation(number, {}, result) for number, result in enumerate(results)]


def test_results_have_mean_0_and_variance_1_and_keep_their_order() -> None:
    found = standardised(observed(3.0, 1.0, 2.0, 5.0))
    assert found.mean() == pytest.approx(0.0)
    assert found.var() == pytest.approx(1.0)
    assert np.argsort(found).tolist() == [1, 2, 0, 3]


def test_a_failed_trial_counts_like_the_worst() -> None:
    found = standardised(observed(3.0, None, 2.0))
    assert found[1] == found[0] > found[2]


def test_pruned_trials_are_no_worse_than_the_upper_quartile_of_the_others() -> None:
    pruned = [Observation(number, {}, value, was_pruned=True) for number, value in ((5, 0.9), (6, 0.25))]
    found = tempered([*observed(0.1, 0.2, 0.3, 0.4, 0.5), *pruned])
    assert [trial.value for trial in found] == [0.1, 0.2, 0.3, 0.4, 0.5, pytest.approx(0.4), 0.25]


@pytest.mark.parametrize("was_pruned", [True, False])
def test_where_all_or_none_are_pruned_their_values_stay(*, was_pruned: bool) -> None:
    trials = [Observation(number, {}, value, was_pruned=was_pruned) for number, value in enumerate((0.1, 0.9))]
    assert list(tempered([*trials, *observed(None)])) == [*trials, *observed(None)]


def test_equal_results_teach_nothing() -> None:
    assert standardised(observed(0.5, 0.5, None)).tolist() == [0.0, 0.0, 0.0]
    assert standardised(observed(0.0, 0.0)).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("huge", [1e6, 1e300])
def test_one_huge_result_leaves_the_others_their_differences(huge: float) -> None:
    found = standardised(observed(1.0, 2.0, 3.0, 4.0, huge))
    assert np.all(np.isfinite(found))
    if huge == 1e6:
        assert found[3] - found[0] > 1.0


def test_thinning_keeps_the_best_and_something_of_all_the_rest() -> None:
    trials = observed(*(float(number) for number in range(1000)), None)
    kept = [trial.number for trial in thinned(trials[::-1], 20)]
    assert kept == sorted(kept)
    assert kept[:10] == list(range(10))
    assert len(kept) == 20
    assert kept[-1] == 1000
    assert max(np.diff(kept)) < 120


def test_few_trials_are_kept_in_the_order_of_their_numbers() -> None:
    trials = observed(3.0, 1.0, 2.0)
    assert thinned(trials[::-1], 3) == trials
