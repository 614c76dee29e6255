"""What the model does with a round, beyond what every strategy keeps."""

import numpy as np
import pytest

from engine.search import Box, FloatParameter, Observation, SearchSpace
from engine.search.candidates import candidates_from, near
from engine.search.guide import MOST_TOLD, Guide, guided

SQUARE = SearchSpace((FloatParameter("x", 0, 1), FloatParameter("y", 0, 1)))


def history(count: int) -> list[Observation]:
    """Results of a bowl round (0.7, 0.3)."""
    draws = np.random.default_rng(0).random((count, 2)).tolist()
    return [Observation(n, {"x": x, "y": y}, (x - 0.7) ** 2 + (y - 0.3) ** 2) for n, (x, y) in enumerate(draws)]


def test_a_guided_round_lies_round_the_optimum_that_the_results_suggest() -> None:
    values = guided(Box.whole(SQUARE), 0, range(20, 28), history(20), 0.0)
    assert np.median([abs(float(value["x"]) - 0.7) for value in values]) < 0.1
    assert np.median([abs(float(value["y"]) - 0.3) for value in values]) < 0.1


def test_it_looks_beside_a_box_that_missed_the_optimum() -> None:
    corner = Box.from_json(SQUARE, {"x": {"low": 0.0, "high": 0.2}, "y": {"low": 0.8, "high": 1.0}})
    values = guided(corner, 0, range(20, 28), history(20), 0.0)
    assert min((float(value["x"]) - 0.7) ** 2 + (float(value["y"]) - 0.3) ** 2 for value in values) < 0.001


def test_a_trial_reckons_with_those_before_it_in_its_round() -> None:
    guide = Guide.told(Box.whole(SQUARE), history(10), 0.0)
    first = guide.most_promising(np.random.default_rng(0))
    assert np.array_equal(guide.most_promising(np.random.default_rng(0)), first)
    second = guide.expecting(first).most_promising(np.random.default_rng(0))
    assert np.linalg.norm(second - first) > 0.01


def test_a_trial_does_not_depend_on_how_many_follow_it_in_its_round() -> None:
    longer = guided(Box.whole(SQUARE), 0, range(20, 28), history(20), 0.0)
    assert guided(Box.whole(SQUARE), 0, range(20, 24), history(20), 0.0) == longer[:4]


def test_the_more_of_the_budget_is_spent_the_less_do_unknown_regions_draw() -> None:
    draws = np.random.default_rng(0)
    corner = [  # a noisy slope in one corner, and nothing known of the rest
        Observation(n, {"x": x, "y": y}, x + y + draws.normal()) for n, (x, y) in enumerate(0.3 * draws.random((30, 2)))
    ]
    early, late = (
        Guide.told(Box.whole(SQUARE), corner, spent).most_promising(np.random.default_rng(0)) for spent in (0, 1)
    )
    assert np.linalg.norm(late) < np.linalg.norm(early)


def test_the_model_is_told_no_more_trials_than_it_can_take() -> None:
    guide = Guide.told(Box.whole(SQUARE), history(3000), 0.0)
    assert len(guide.model.scaled) == MOST_TOLD
    assert guide.most_promising(np.random.default_rng(0)) == pytest.approx([0.7, 0.3], abs=0.05)


def test_candidates_lie_in_the_space_and_one_share_of_them_in_the_box() -> None:
    box = Box.from_json(SQUARE, {"x": {"low": 0.2, "high": 0.3}, "y": {"low": 0.9, "high": 1.0}})
    candidates = candidates_from(box, np.array([[0.0, 1.0], [0.5, 0.5]]), np.random.default_rng(0))
    assert np.all((candidates >= 0) & (candidates <= 1))
    inside = np.all((candidates >= [0.2, 0.9]) & (candidates <= [0.3, 1.0]), axis=1)
    assert 1 / 3 <= inside.mean() < 0.4


def test_near_an_absent_coordinate_is_anywhere() -> None:
    drawn = near(np.tile([0.5, np.nan], (500, 1)), 0.01, np.random.default_rng(0))
    assert np.ptp(drawn[:, 0]) < 0.1
    assert np.ptp(drawn[:, 1]) > 0.9
