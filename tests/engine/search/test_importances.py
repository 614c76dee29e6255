"""Which parameters decide, on functions of which that is known."""

import math
from collections.abc import Mapping

import numpy as np
import pytest

from engine.search import (
    Box,
    CategoricalParameter,
    Condition,
    FloatParameter,
    IntParameter,
    Observation,
    Scalar,
    SearchSpace,
    draw,
    importances,
    minimize,
)

SPACE = SearchSpace(
    (
        FloatParameter("weak", 0, 1),
        FloatParameter("rate", 1e-4, 1, "log"),
        IntParameter("idle", 16, 512, scale="log"),
        CategoricalParameter("choice", ("a", "b", "c")),
    )
)


def valley(values: Mapping[str, Scalar]) -> float:
    """The variances are 0.0356 for rate, 0.0006 for choice and 0.0002 for weak."""
    rate = 2 * (math.log10(float(values["rate"])) / 4 + 0.6) ** 2
    return rate + 0.05 * (float(values["weak"]) - 0.5) + {"a": 0.0, "b": 0.03, "c": 0.06}[str(values["choice"])]


def told(space: SearchSpace, observations: list[Observation]) -> dict[str, float | None]:
    return {each.parameter: each.importance for each in importances(space, observations)}


@pytest.mark.parametrize("strategy", ["random", "coarse_to_fine"])
@pytest.mark.parametrize("seed", range(3))
def test_parameters_are_ranked_by_what_they_decide_though_a_search_has_zoomed_in(strategy: str, seed: int) -> None:
    shares = told(SPACE, minimize(valley, SPACE, {"type": strategy}, 200, seed).trials)
    assert next(iter(shares)) == "rate"
    assert (shares["rate"] or 0) > 0.85
    assert (shares["idle"] or 0) < 0.05
    assert math.isclose(sum(share or 0 for share in shares.values()), 1.0, abs_tol=1e-3)


def test_the_shares_are_near_those_of_the_variances() -> None:
    shares = told(SPACE, minimize(valley, SPACE, {"type": "random"}, 1000, seed=0).trials)
    exact = {"rate": 0.98, "choice": 0.015, "weak": 0.005, "idle": 0.0}  # of values; those of ranks are much like them
    for name, share in exact.items():
        assert shares[name] == pytest.approx(share, abs=0.08)


def test_an_integer_on_a_log_scale_counts_by_how_often_its_values_are_drawn() -> None:
    """A third of the draws are above 8, so the variances are 0.32 · 0.68 and 0.5 · 0.5: 47 % and 53 % of the sum."""
    space = SearchSpace((IntParameter("units", 1, 32, scale="log"), FloatParameter("x", 0, 1)))
    large = [float(values["units"]) > 8 for values in draw(Box.whole(space), 0, range(1000))]
    assert 0.28 < sum(large) / 1000 < 0.36
    trials = minimize(lambda v: (float(v["units"]) > 8) + (float(v["x"]) > 0.5), space, {"type": "random"}, 500, 0)
    assert told(space, trials.trials)["units"] == pytest.approx(0.47, abs=0.08)


KINDS = SearchSpace(
    (
        CategoricalParameter("kind", ("a", "b", "c", "d")),
        FloatParameter("inner", 0, 1, when=(Condition("kind", ("a",)),)),
        FloatParameter("idle", 0, 1, when=(Condition("kind", ("b", "c", "d")),)),
        FloatParameter("x", 0, 1),
    )
)


def test_a_conditional_parameter_counts_by_its_share_of_the_trials() -> None:
    """x and inner are alike but for the condition, which a quarter of the draws keeps: so has it a quarter of x's, less
    what a quarter of the trials leaves unlearned."""
    trials = minimize(lambda v: float(v["x"]) + float(v.get("inner", 0.5)), KINDS, {"type": "random"}, 1000, 0).trials
    shares = told(KINDS, trials)
    assert list(shares)[:2] == ["x", "inner"]
    assert 0.07 < (shares["inner"] or 0) / (shares["x"] or 0) < 0.3
    assert (shares["idle"] or 0) < 0.03


def test_that_one_kind_is_better_is_a_merit_of_what_decides_the_kind() -> None:
    trials = minimize(lambda v: 0.0 if v["kind"] == "a" else 1.0, KINDS, {"type": "random"}, 200, 0).trials
    shares = told(KINDS, trials)
    assert next(iter(shares)) == "kind"
    assert (shares["inner"] or 0) + (shares["idle"] or 0) < 0.05


def test_failures_count_as_the_worst_whatever_they_are_many() -> None:
    def often_failing(values: Mapping[str, Scalar]) -> float:
        return math.nan if float(values["x"]) < 0.7 else "abcd".index(str(values["kind"])) / 4

    trials = minimize(often_failing, KINDS, {"type": "random"}, 100, 0).trials
    assert next(iter(told(KINDS, trials))) == "x"


def test_with_few_trials_nothing_is_known() -> None:
    nine = minimize(valley, SPACE, {"type": "random"}, 9, 0).trials
    assert told(SPACE, nine) == dict.fromkeys(SPACE.names)
    assert told(SPACE, []) == dict.fromkeys(SPACE.names)
    shares = told(KINDS, minimize(lambda v: float(v["x"]), KINDS, {"type": "random"}, 20, 0).trials)
    assert shares["x"] is not None
    assert shares["inner"] is None
    assert list(shares)[-1] == "inner"


def test_what_decides_nothing_has_no_importance() -> None:
    all_failed = [Observation(number, trial.values, None) for number, trial in enumerate(_random(40))]
    assert told(SPACE, all_failed) == dict.fromkeys(SPACE.names, 0.0)
    one_value = SearchSpace((CategoricalParameter("c", ("only",)), FloatParameter("x", 0, 1)))
    trials = minimize(lambda v: float(v["x"]), one_value, {"type": "random"}, 40, 0).trials
    assert told(one_value, trials) == {"x": 1.0, "c": 0.0}


def _random(count: int) -> list[Observation]:
    return minimize(valley, SPACE, {"type": "random"}, count, 0).trials


def test_the_order_in_which_trials_ended_changes_nothing() -> None:
    trials = _random(60)
    shuffled = [trials[index] for index in np.random.default_rng(0).permutation(60)]
    assert importances(SPACE, shuffled) == importances(SPACE, trials)
