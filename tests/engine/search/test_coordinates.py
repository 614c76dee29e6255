import numpy as np
import pytest

from engine.search import CategoricalParameter, FloatParameter, IntParameter, Observation, Scalar, SearchSpace
from engine.search.conditions import Condition
from engine.search.coordinates import Coordinates

SPACE = SearchSpace(
    (
        CategoricalParameter("optimizer", ("adam", "momentum", "sgd")),
        FloatParameter("momentum", 0.9, 0.999, "reverse_log", when=(Condition("optimizer", ("momentum",)),)),
        IntParameter("layers", 1, 3),
        FloatParameter("decay", 0.0, 0.5, when=(Condition("layers", (2, 3)), Condition("optimizer", ("sgd", "adam")))),
        IntParameter("seed", 0, 10**6),
    )
)
COORDINATES = Coordinates(SPACE)


def trial(**values: Scalar) -> Observation:
    return Observation(0, values, 1.0)


def test_units_and_values_are_a_round_trip() -> None:
    trials = [
        trial(optimizer="momentum", momentum=0.99, layers=2, seed=3),
        trial(optimizer="adam", layers=3, decay=0.125, seed=999_999),
        trial(optimizer="sgd", layers=1, seed=0),
    ]
    for units, each in zip(COORDINATES.of_trials(trials), trials, strict=True):
        values = COORDINATES.values(units)
        assert values == {name: pytest.approx(value) for name, value in each.values.items()}


def test_settled_units_are_those_of_the_trials_they_stand_for() -> None:
    units = COORDINATES.settled(np.random.default_rng(0).random((200, len(SPACE.parameters))))
    again = COORDINATES.of_trials([Observation(0, COORDINATES.values(row), 0.0) for row in units])
    assert np.array_equal(np.isnan(units), np.isnan(again))
    assert {tuple(row) for row in np.isnan(units).tolist()} == {
        (False, False, False, True, False),  # momentum
        (False, True, False, False, False),  # decay
        (False, True, False, True, False),  # neither
    }
    assert np.nan_to_num(units) == pytest.approx(np.nan_to_num(again), abs=1e-6)


def test_two_choices_lie_as_far_apart_as_the_ends_of_a_range() -> None:
    space = SearchSpace((CategoricalParameter("c", ("a", "b", "c")), FloatParameter("x", 0, 1)))
    coordinates = Coordinates(space)
    trials = [trial(c="a", x=0.0), trial(c="b", x=0.0), trial(c="c", x=0.0), trial(c="a", x=1.0)]
    columns = coordinates.columns(coordinates.of_trials(trials))
    assert coordinates.parameter_of.tolist() == [0, 0, 0, 1]
    assert [np.linalg.norm(columns[0] - other) for other in columns[1:]] == pytest.approx([1.0, 1.0, 1.0])


def test_what_is_absent_makes_two_trials_differ_in_nothing() -> None:
    trials = [trial(optimizer="sgd", layers=1, seed=0), trial(optimizer="sgd", layers=1, seed=0)]
    columns = COORDINATES.columns(COORDINATES.of_trials(trials))
    assert np.all(np.isfinite(columns))
    assert np.array_equal(columns[0], columns[1])


def test_a_condition_on_one_of_very_many_values_holds_where_a_trial_would_have_it() -> None:
    seed = IntParameter("seed", 0, 10_000)
    rate = FloatParameter("rate", 0.0, 1.0, when=(Condition("seed", (5_000,)),))
    settled = Coordinates(SearchSpace((seed, rate))).settled(np.array([[0.50003, 0.25], [0.7, 0.25]]))
    assert np.isnan(settled).tolist() == [[False, False], [False, True]]
