from typing import Any

import pytest

from engine.errors import InvalidField
from engine.search import Box, CategoricalParameter, FloatParameter, IntParameter, Scalar, SearchSpace

SPACE = SearchSpace(
    (
        FloatParameter("rate", 0.01, 1.0, "log"),
        IntParameter("units", 10, 50, step=10),
        CategoricalParameter("optimizer", ("adam", True, 1)),
    )
)


def whole_with(**changes: Any) -> dict[str, Any]:
    return Box.whole(SPACE).to_json() | changes


def point(rate: float, units: int, optimizer: Scalar = "adam") -> dict[str, Scalar]:
    return {"rate": rate, "units": units, "optimizer": optimizer}


def test_the_whole_box_is_the_space() -> None:
    assert Box.whole(SPACE).to_json() == {
        "rate": {"low": 0.01, "high": 1.0},
        "units": {"low": 10, "high": 50},
        "optimizer": {"choices": ["adam", True, 1], "weights": [1 / 3, 1 / 3, 1 / 3]},
    }


def test_the_box_around_points_spans_them_with_a_margin_on_the_scale() -> None:
    points = [point(0.1, 30), point(0.02, 20), point(0.2, 30)]
    document = Box.whole(SPACE).around(points, margin=0.1).to_json()
    margin = 10**0.1  # a tenth of a decade, the tenth part of the points' span
    assert document["rate"] == {"low": pytest.approx(0.02 / margin), "high": pytest.approx(0.2 * margin)}
    assert document["units"] == {"low": 10, "high": 40}  # at least one step


def test_the_box_around_points_ends_at_the_space() -> None:
    document = Box.whole(SPACE).around([point(0.01, 10), point(0.99, 50)], margin=0.5).to_json()
    assert document["rate"] == {"low": 0.01, "high": 1.0}
    assert document["units"] == {"low": 10, "high": 50}


def test_the_box_moves_out_where_the_best_point_lies_near_its_end() -> None:
    box = Box.from_json(SPACE, whole_with(rate={"low": 0.1, "high": 0.2}, units={"low": 30, "high": 40}))
    document = box.around([point(0.11, 40), point(0.15, 40), point(0.13, 40)], margin=0.1).to_json()
    fifth = 2**0.2  # of the old side on its scale
    assert document["rate"]["low"] == pytest.approx(0.11 / fifth)
    assert document["rate"]["high"] < 0.16
    assert document["units"] == {"low": 30, "high": 50}


def test_the_box_around_equal_points_keeps_a_width_to_draw_from() -> None:
    document = Box.whole(SPACE).around([point(0.1, 30)] * 3, margin=0.0).to_json()
    assert document["rate"]["low"] < 0.1 < document["rate"]["high"]
    assert document["units"] == {"low": 20, "high": 40}


def test_the_box_around_integers_on_a_log_scale_spans_their_cells_on_it() -> None:
    space = SearchSpace((IntParameter("n", 1, 1000, scale="log"),))
    document = Box.whole(space).around([{"n": 30}, {"n": 20}, {"n": 45}], margin=0.1).to_json()
    assert document["n"] == {"low": 18, "high": 49}  # a tenth of the span of log n is 8 %
    assert Box.whole(space).around([{"n": 5}] * 3, margin=0.0).to_json()["n"] == {"low": 4, "high": 6}


def test_choices_are_favoured_by_how_often_they_are_seen_and_none_is_lost() -> None:
    points = [point(0.1, 30, optimizer) for optimizer in ("adam", "adam", "adam", True)]
    weights = Box.whole(SPACE).around(points, margin=0.1).to_json()["optimizer"]["weights"]
    assert weights == pytest.approx([0.8 * 3 / 4 + 0.2 / 3, 0.8 / 4 + 0.2 / 3, 0.2 / 3])


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        (None, (), "a box must be an object, but got None"),
        ({}, ("rate",), "`rate` is required in a box, but is missing"),
        (whole_with(raet={}), ("raet",), "unknown field of a box 'raet': the nearest known one is 'rate'"),
        (whole_with(rate=[0.1, 1]), ("rate",), "the side of a box must be an object, but got [0.1, 1]"),
        (
            whole_with(rate={"low": 0.1}),
            ("rate", "high"),
            "`high` is required in the side of a box, but is missing",
        ),
        (whole_with(rate={"low": "a", "high": 1}), ("rate", "low"), "`low` must be a number, but got 'a'"),
        (
            whole_with(rate={"low": 0.001, "high": 1}),
            ("rate", "low"),
            "`low` must be a value of rate, but got 0.001",
        ),
        (
            whole_with(rate={"low": 0.5, "high": 0.4}),
            ("rate", "low"),
            "`low <= high` must hold, but got (low=0.5, high=0.4)",
        ),
        (whole_with(units={"low": 15, "high": 50}), ("units", "low"), "`low` must be a value of units, but got 15"),
        (
            whole_with(optimizer={"choices": ["adam", 1, True], "weights": [0.5, 0.2, 0.3]}),
            ("optimizer", "choices"),
            "`choices` must be ['adam', True, 1], but got ['adam', 1, True]",
        ),
        (
            whole_with(optimizer={"choices": ["adam", True, 1], "weights": [0.5, 0.5]}),
            ("optimizer", "weights"),
            "`weights` must be 3 numbers in (0, 1], one per choice, but got (0.5, 0.5)",
        ),
        (
            whole_with(optimizer={"choices": ["adam", True, 1], "weights": [1, 0, 0]}),
            ("optimizer", "weights"),
            "`weights` must be 3 numbers in (0, 1], one per choice, but got (1.0, 0.0, 0.0)",
        ),
    ],
)  # fmt: skip
def test_a_document_that_fits_no_box_is_refused(document: Any, path: tuple[str, ...], message: str) -> None:
    with pytest.raises(InvalidField) as caught:
        Box.from_json(SPACE, document)
    assert caught.value.path == path
    assert caught.value.message == message
