from collections.abc import Mapping
from typing import Any

import pytest

from engine.errors import InvalidField
from engine.search import Box, CategoricalParameter, CoarseToFine, FloatParameter, Observation, SearchSpace, minimize

LINE = SearchSpace((FloatParameter("x", 0.0, 1.0),))
BOX_ALONE = {"type": "coarse_to_fine", "rounds": 4, "first_round_share": 0.4, "guided": False}


def observed(*trials: tuple[float, float | None]) -> list[Observation]:
    """Trials of one parameter x, from pairs of x and the value found there."""
    return [Observation(number, {"x": x}, value) for number, (x, value) in enumerate(trials)]


def side(box: Box) -> tuple[float, float]:
    document = box.to_json()["x"]
    return document["low"], document["high"]


def test_the_defaults_are_those_of_the_documentation() -> None:
    assert CoarseToFine().to_json() == {
        "type": "coarse_to_fine",
        "rounds": None,
        "round_size": None,
        "first_round_share": 0.2,
        "elite_fraction": 0.2,
        "margin": 0.1,
        "guided": True,
    }


@pytest.mark.parametrize(
    ("strategy", "trials", "sizes"),
    [
        (CoarseToFine(rounds=4, first_round_share=0.4), 100, (40, 20, 20, 20)),
        (CoarseToFine(rounds=4, first_round_share=0.4), 60, (24, 12, 12, 12)),
        (CoarseToFine(rounds=4, first_round_share=0.4), 103, (41, 21, 21, 20)),
        (CoarseToFine(rounds=4), 4, (1, 1, 1, 1)),
        (CoarseToFine(rounds=4, first_round_share=1.0), 10, (7, 1, 1, 1)),
        (CoarseToFine(rounds=4, first_round_share=0.001), 10, (1, 3, 3, 3)),
        (CoarseToFine(rounds=1), 10, (10,)),
        (CoarseToFine(), 100, (20, *[8] * 10)),
        (CoarseToFine(), 50, (10, *[8] * 5)),
        (CoarseToFine(), 30, (8, 11, 11)),
        (CoarseToFine(), 15, (15,)),
        (CoarseToFine(), 1, (1,)),
        (CoarseToFine(), 200, (40, *[16] * 10)),
        (CoarseToFine(), 1000, (200, *[32] * 25)),
        (CoarseToFine(round_size=8), 200, (40, *[8] * 20)),
        (CoarseToFine(round_size=32), 100, (32, 34, 34)),
        (CoarseToFine(first_round_share=1.0), 100, (100,)),
        (CoarseToFine(), 100_000, (20_000, *[809] * 8, *[808] * 91)),
    ],
)
def test_the_first_round_takes_its_share_and_the_others_are_equal_and_no_smaller_than_asked(
    strategy: CoarseToFine, trials: int, sizes: tuple[int, ...]
) -> None:
    assert strategy.round_sizes(trials) == sizes


def test_a_budget_smaller_than_the_rounds_is_refused() -> None:
    with pytest.raises(InvalidField) as caught:
        CoarseToFine(rounds=5).round_sizes(4)
    assert caught.value.message == "`trials >= rounds` must hold, but got (trials=4, rounds=5)"


def test_the_next_box_spans_the_elites_with_a_margin() -> None:
    history = observed((0.1, 5.0), (0.4, 1.0), (0.9, 4.0), (0.5, 1.5), (0.6, 2.0))
    strategy = CoarseToFine(margin=0.25)
    assert strategy.elites(0, (5, 5), history) == [1, 3, 4]
    assert side(strategy.box(LINE, 1, (5, 5), history)) == pytest.approx((0.35, 0.65))


def test_the_elites_are_a_fraction_of_the_round_but_at_least_three() -> None:
    history = observed(*((number / 100, float(number)) for number in range(100)))
    assert CoarseToFine().elites(0, (40, 20, 20, 20), history) == list(range(8))
    assert CoarseToFine().elites(1, (40, 20, 20, 20), history) == list(range(4))
    assert CoarseToFine().elites(0, (10, 10), history) == [0, 1, 2]


def test_the_elites_are_the_best_of_all_rounds_so_far() -> None:
    history = observed((0.1, 1.0), (0.2, 9.0), (0.3, 2.0), (0.4, 8.0), (0.5, 3.0), (0.6, 7.0))
    assert CoarseToFine().elites(1, (3, 3), history) == [0, 2, 4]


def test_trials_of_elsewhere_were_there_before_all() -> None:
    own = observed((0.1, 5.0), (0.4, 4.0), (0.9, 3.0), (0.5, 2.0))
    elsewhere = [Observation(-1, {"x": 0.2}, 1.0), Observation(-2, {"x": 0.3}, None), Observation(-3, {"x": 0.3}, 1.5)]
    strategy = CoarseToFine(margin=0.25, guided=False)
    assert strategy.elites(0, (4, 4), [*own, *elsewhere]) == [-1, -3, 3]
    assert strategy.box(LINE, 0, (4, 4), elsewhere) == Box.whole(LINE)
    assert side(strategy.box(LINE, 1, (4, 4), [*own, *elsewhere])) == pytest.approx((0.0, 0.575))
    plain = strategy.propose(LINE, 0, 0, (4, 4), [])
    assert strategy.propose(LINE, 0, 0, (4, 4), elsewhere) == plain


def test_imported_trials_with_numbers_below_0_shape_the_first_box_that_elites_shape() -> None:
    imported = [Observation(-1 - place, {"x": 0.8 + 0.01 * place}, 0.1 * place) for place in range(3)]
    history = [*observed((0.1, 5.0), (0.2, 4.0), (0.3, 3.0)), *imported]
    assert CoarseToFine().box(LINE, 0, (3, 3), history) == Box.whole(LINE)
    assert CoarseToFine().elites(0, (3, 3), history) == [-1, -2, -3]


def test_imported_trials_teach_the_model_before_the_first_round() -> None:
    imported = [Observation(-1 - place, {"x": place / 10}, abs(place / 10 - 0.7)) for place in range(11)]
    values = CoarseToFine().propose(LINE, 0, 0, (8,), imported).values
    assert all(abs(float(value["x"]) - 0.7) < 0.2 for value in values[:4])


def test_beyond_its_first_200_the_trials_of_a_round_are_drawn_from_the_box() -> None:
    history = observed(*((number / 8, abs(number / 8 - 0.7)) for number in range(8)))
    large, small = (CoarseToFine().propose(LINE, 0, 1, (8, size), history) for size in (220, 200))
    alone = CoarseToFine(guided=False).propose(LINE, 0, 1, (8, 220), history)
    assert large.box == small.box == alone.box
    assert large.values[200:] == alone.values[200:]
    assert large.values[:200] != alone.values[:200]
    assert len(large.values) == 220


def test_after_a_larger_round_more_of_the_best_of_a_smaller_one_are_elites() -> None:
    history = observed(*((number / 8, number) for number in range(8)), *((0.5, 99.0) for _ in range(30)))
    assert CoarseToFine().elites(0, (8, 30), history) == [0, 1, 2]
    assert CoarseToFine().elites(1, (8, 30), history) == [0, 1, 2, 3, 4, 5]


def test_ties_among_elites_break_by_the_tie_break() -> None:
    history = [Observation(number, {"x": number / 10}, 0.5, tie_break=-number) for number in range(8)]
    assert CoarseToFine().elites(0, (8,), history) == [7, 6, 5]


def test_a_best_trial_on_the_border_of_its_box_lets_the_next_box_move_out() -> None:
    strategy = CoarseToFine()
    first = observed((0.40, 1.0), (0.30, 1.0), (0.50, 1.0), (0.95, 9.0))
    low, high = side(strategy.box(LINE, 1, (4, 3, 3), first))
    assert (low, high) == pytest.approx((0.28, 0.52))
    second = [*first, *(Observation(4 + place, {"x": high - 0.01 * place}, 0.1 * place) for place in range(3))]
    assert side(strategy.box(LINE, 2, (4, 3, 3), second)) == pytest.approx((0.49, 0.52 + 0.24 / 5))


def test_a_box_at_the_border_of_the_space_stays_within_it() -> None:
    history = observed((1.0, 1.0), (0.9, 1.0), (0.8, 1.0), (0.1, 9.0))
    assert side(CoarseToFine().box(LINE, 1, (4, 4), history)) == pytest.approx((0.78, 1.0))
    assert side(CoarseToFine().box(LINE, 1, (4, 4), history))[1] == 1.0


def test_failed_trials_are_never_elites() -> None:
    history = observed((0.4, 1.0), (0.9, None), (0.5, 2.0), (0.1, None), (0.6, 1e300))
    assert CoarseToFine(elite_fraction=1.0).elites(0, (5, 5), history) == [0, 2, 4]


def test_fewer_than_three_successes_leave_the_box_as_it_was() -> None:
    history = observed((0.4, 1.0), (0.9, None), (0.5, 2.0), (0.1, None))
    assert CoarseToFine().elites(0, (4, 4), history) == []
    assert CoarseToFine().box(LINE, 1, (4, 4), history) == Box.whole(LINE)


def test_the_search_zooms_in_round_by_round_on_the_region_that_works() -> None:
    space = SearchSpace((FloatParameter("x", -10, 10), FloatParameter("rate", 1e-6, 1, "log")))
    result = minimize(
        lambda values: (float(values["x"]) - 3) ** 2 + abs(float(values["rate"]) / 1e-3 - 1) * 1e-3,
        space,
        BOX_ALONE,
        trials=100,
        seed=0,
    )
    widths = [search_round.box.to_json()["x"] for search_round in result.rounds]
    assert all(side["low"] < 3 < side["high"] for side in widths)
    spans = [side["high"] - side["low"] for side in widths]
    assert spans == sorted(spans, reverse=True)
    assert spans[-1] < 2


def test_the_search_follows_an_optimum_to_the_corner_of_the_space() -> None:
    space = SearchSpace((FloatParameter("x", 0, 1), FloatParameter("y", 0, 1)))
    result = minimize(lambda values: float(values["y"]) - float(values["x"]), space, BOX_ALONE, trials=100, seed=0)
    last = result.rounds[-1].box.to_json()
    assert 0.8 < last["x"]["low"] < 0.98 < last["x"]["high"] <= 1.0
    assert 0.0 <= last["y"]["low"] < 0.02 < last["y"]["high"] < 0.2
    assert result.best is not None
    assert result.best.value is not None
    assert result.best.value < -0.95


def test_a_choice_that_works_is_drawn_more_often_round_by_round() -> None:
    space = SearchSpace((CategoricalParameter("c", ("good", "bad", "worse")), FloatParameter("x", 0, 1)))
    penalty = {"good": 0.0, "bad": 5.0, "worse": 9.0}
    result = minimize(lambda values: penalty[str(values["c"])] + float(values["x"]), space, BOX_ALONE, 100, seed=0)
    assert result.rounds[1].box.to_json()["c"]["weights"] == pytest.approx([0.8 + 0.2 / 3, 0.2 / 3, 0.2 / 3])


def best_value(strategy: Mapping[str, Any], seed: int) -> float:
    space = SearchSpace(tuple(FloatParameter(name, 0, 1) for name in "xyz"))
    result = minimize(
        lambda values: sum((float(value) - 0.3) ** 2 for value in values.values()), space, strategy, 100, seed
    )
    assert result.best is not None
    assert result.best.value is not None
    return result.best.value


def test_the_box_alone_halves_the_error_of_random_search_on_most_seeds() -> None:
    # it does so on 95 % of seeds, so with other ones 5 of 9 would fall short once in 20,000 times
    wins = [best_value(BOX_ALONE, seed) < best_value({"type": "random"}, seed) / 2 for seed in range(9)]
    assert sum(wins) >= 5


def test_the_model_comes_much_nearer_to_a_smooth_optimum_than_the_box_alone() -> None:
    assert all(best_value({"type": "coarse_to_fine"}, seed) < best_value(BOX_ALONE, seed) / 10 for seed in range(3))
