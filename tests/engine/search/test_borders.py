import pytest

from engine.search import CategoricalParameter, FloatParameter, IntParameter, Scalar, SearchSpace, touched_borders

SPACE = SearchSpace(
    (
        FloatParameter("learning_rate", 0.0001, 1.0, "log"),
        IntParameter("hidden_units", 16, 128),
        IntParameter("hidden_layers", 1, 3),
        CategoricalParameter("batch_size", (32, 64)),
    )
)
MIDDLE: dict[str, Scalar] = {"learning_rate": 0.01, "hidden_units": 70, "hidden_layers": 1, "batch_size": 32}


def warnings(**changes: Scalar) -> list[str]:
    return [border.warning() for border in touched_borders(SPACE, MIDDLE | changes)]


def test_no_border_is_touched_in_the_middle_and_none_by_a_choice_or_by_one_of_few_integers() -> None:
    assert warnings() == []


@pytest.mark.parametrize("rate", [1.0, 0.9])
def test_the_upper_border_is_touched_on_it_and_near_it(rate: float) -> None:
    assert warnings(learning_rate=rate) == ["best learning_rate lies on the upper border 1.0: widen the space"]


def test_the_lower_border_is_touched_near_it_on_the_scale() -> None:
    assert warnings(learning_rate=0.00011) == ["best learning_rate lies on the lower border 0.0001: widen the space"]
    assert warnings(learning_rate=0.001) == []  # 0.1 % of the way from low to high, but a quarter on the log scale


def test_an_integer_border_is_touched() -> None:
    assert warnings(hidden_units=16) == ["best hidden_units lies on the lower border 16: widen the space"]
    assert warnings(hidden_units=127) == ["best hidden_units lies on the upper border 128: widen the space"]


def test_every_touched_border_is_told_in_the_order_of_the_space() -> None:
    borders = touched_borders(SPACE, MIDDLE | {"learning_rate": 1.0, "hidden_units": 16})
    assert [(border.parameter, border.end, border.value) for border in borders] == [
        ("learning_rate", "upper", 1.0),
        ("hidden_units", "lower", 16),
    ]


def test_a_best_on_an_integer_border_counts_even_where_its_cell_is_wide() -> None:
    space = SearchSpace((IntParameter("units", 10, 100, step=10),))
    assert [border.end for border in touched_borders(space, {"units": 100})] == ["upper"]
    assert touched_borders(space, {"units": 90}) == []
