import math

from engine.search import Observation, ranked


def numbers(observations: list[Observation]) -> list[int]:
    return [observation.number for observation in ranked(observations)]


def test_the_smallest_value_comes_first() -> None:
    assert numbers([Observation(0, {}, 0.3), Observation(1, {}, -0.1), Observation(2, {}, 0.2)]) == [1, 2, 0]


def test_a_tie_breaks_by_tie_break_and_then_by_number() -> None:
    observations = [
        Observation(4, {}, 0.1, None),
        Observation(3, {}, 0.1, 0.5),
        Observation(2, {}, 0.1, 0.4),
        Observation(1, {}, 0.1, 0.5),
    ]
    assert numbers(observations) == [2, 1, 3, 4]


def test_failed_trials_come_last_in_the_order_of_their_numbers() -> None:
    observations = [Observation(2, {}, None, 0.0), Observation(1, {}, None, 1.0), Observation(0, {}, 1e308)]
    assert numbers([*observations, Observation(3, {}, 5.0)]) == [3, 0, 2, 1]


def test_nan_and_infinity_are_failures() -> None:
    for value in (math.nan, math.inf, -math.inf):
        observation = Observation(0, {}, value, value)
        assert observation.has_failed
        assert (observation.value, observation.tie_break) == (None, None)
