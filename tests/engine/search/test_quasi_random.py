"""A Sobol sequence fills every part of the space alike."""

from collections import Counter

import pytest

from engine.search import CategoricalParameter, Condition, FloatParameter, SearchSpace, minimize, strategy_from_json

SPACE = SearchSpace(
    (
        FloatParameter("x", 0, 1),
        FloatParameter("rate", 1e-4, 1, "log"),
        CategoricalParameter("kind", ("a", "b", "c", "d")),
        FloatParameter("inner", 0, 1, when=(Condition("kind", ("a",)),)),
    )
)


@pytest.mark.parametrize("seed", range(3))
def test_each_part_of_every_scale_has_its_share_of_the_trials_exactly(seed: int) -> None:
    trials = [trial.values for trial in minimize(lambda _: 0.0, SPACE, {"type": "quasi_random"}, 64, seed).trials]
    assert Counter(int(64 * float(values["x"])) for values in trials) == dict.fromkeys(range(64), 1)
    assert Counter(values["kind"] for values in trials) == dict.fromkeys("abcd", 16)
    assert sum(float(values["rate"]) < 0.01 for values in trials) == 32
    assert [("inner" in values) for values in trials] == [values["kind"] == "a" for values in trials]


def test_a_larger_budget_begins_with_the_trials_of_a_smaller_one() -> None:
    small, large = (
        [trial.values for trial in minimize(lambda _: 0.0, SPACE, {"type": "quasi_random"}, trials, 0).trials]
        for trials in (5, 100)
    )
    assert large[:5] == small


def test_a_later_round_goes_on_where_the_one_before_ended() -> None:
    strategy = strategy_from_json({"type": "quasi_random"})
    whole = strategy.propose(SPACE, 3, 0, (30,), []).values
    parts = [strategy.propose(SPACE, 3, number, (10, 20), []).values for number in range(2)]
    assert parts[0] + parts[1] == whole
