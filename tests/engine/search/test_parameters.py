import math
from typing import Any

import numpy as np
import pytest

from engine.errors import InvalidField
from engine.search import CategoricalParameter, FloatParameter, IntParameter

NAN, INFINITY = math.nan, math.inf


@pytest.mark.parametrize(
    ("parameter", "values", "path", "message"),
    [
        (FloatParameter, ("x", 3, 1), ("low",), "`low < high` must hold, but got (low=3.0, high=1.0)"),
        (FloatParameter, ("x", 1, 1), ("low",), "`low < high` must hold, but got (low=1.0, high=1.0)"),
        (FloatParameter, ("x", "0", 1), ("low",), "`low` must be a number, but got '0'"),
        (FloatParameter, ("x", 0, None), ("high",), "`high` must be a number, but got None"),
        (FloatParameter, ("x", False, 1), ("low",), "`low` must be a number, but got False"),
        (FloatParameter, ("x", NAN, 1), ("low",), "`low` must be a finite number, but got nan"),
        (FloatParameter, ("x", 0, INFINITY), ("high",), "`high` must be a finite number, but got inf"),
        (
            FloatParameter,
            ("x", 0, 10**400),
            ("high",),
            "`high` must be a finite number, but got 100000000000000000...0000000000000000000",
        ),
        (
            FloatParameter,
            ("x", -1e308, 1e308),
            ("high",),
            "`high - low` must be a finite number, but got (low=-1e+308, high=1e+308)",
        ),
        (
            FloatParameter,
            ("x", 0, 1, "log"),
            ("low",),
            "`low > 0` must hold on a log scale, but got (low=0.0, high=1.0)",
        ),
        (
            FloatParameter,
            ("x", 0.9, 1, "reverse_log"),
            ("high",),
            "`high < 1` must hold on a reverse_log scale, but got (low=0.9, high=1.0)",
        ),
        (FloatParameter, ("x", 1, 2, "lgo"), ("scale",), "unknown scale 'lgo': the nearest known one is 'log'"),
        (
            FloatParameter,
            ("x", 1, 2, ["log"]),
            ("scale",),
            "`scale` must be one of linear, log, reverse_log, but got ['log']",
        ),
        (FloatParameter, (7, 0, 1), ("name",), "`name` must be text, but got 7"),
        (FloatParameter, ("", 0, 1), ("name",), "`name` must be 1 to 200 printable characters, but got ''"),
        (
            FloatParameter,
            ("\ud800", 0, 1),
            ("name",),
            "`name` must be 1 to 200 printable characters, but got '\\ud800'",
        ),
        (IntParameter, ("n", 5, 5), ("low",), "`low < high` must hold, but got (low=5, high=5)"),
        (IntParameter, ("n", 1.0, 5), ("low",), "`low` must be an integer, but got 1.0"),
        (IntParameter, ("n", 1, True), ("high",), "`high` must be an integer, but got True"),
        (
            IntParameter,
            ("n", 0, 10**15 + 1),
            ("high",),
            "`-1000000000000000 <= high <= 1000000000000000` must hold, but got 1000000000000001",
        ),
        (IntParameter, ("n", 0, 9, 0), ("step",), "`1 <= step <= 1000000000000000` must hold, but got 0"),
        (
            IntParameter,
            ("n", 16, 100, 8),
            ("high",),
            "`high - low` must be a multiple of `step`, but got (low=16, high=100, step=8): "
            "the nearest fitting high is 96",
        ),
        (
            IntParameter,
            ("n", 0, 3, 8),
            ("high",),
            "`high - low` must be a multiple of `step`, but got (low=0, high=3, step=8): the nearest fitting high is 8",
        ),
        (
            IntParameter,
            ("n", 0, 9, 1, "log"),
            ("low",),
            "`low > step / 2` must hold on a log scale, but got (low=0, high=9, step=1)",
        ),
        (
            IntParameter,
            ("n", 16, 80, 32, "log"),
            ("low",),
            "`low > step / 2` must hold on a log scale, but got (low=16, high=80, step=32)",
        ),
        (
            IntParameter,
            ("n", 1, 10**12 + 1, 1, "log"),
            ("high",),
            "`high <= 1000000000000 * step` must hold on a log scale, but got (high=1000000000001, step=1)",
        ),
        (
            IntParameter,
            ("n", 1, 9, 1, "reverse_log"),
            ("scale",),
            "unknown scale 'reverse_log': the known ones are 'linear', 'log'",
        ),
        (CategoricalParameter, ("c", "abc"), ("choices",), "`choices` must be a list, but got 'abc'"),
        (CategoricalParameter, ("c", {"a"}), ("choices",), "`choices` must be a list, but got {'a'}"),
        (CategoricalParameter, ("c", []), ("choices",), "`choices` must hold 1 to 1000 values, but holds 0"),
        (
            CategoricalParameter,
            ("c", range(1001)),
            ("choices",),
            "`choices` must hold 1 to 1000 values, but holds 1001",
        ),
        (CategoricalParameter, ("c", ["a", "a"]), ("choices", 1), "`choices` must all differ, but 'a' is there twice"),
        (CategoricalParameter, ("c", [1, 1.0]), ("choices", 1), "`choices` must all differ, but 1.0 is there twice"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_refused_with_field_value_and_rule(
    parameter: Any, values: tuple[Any, ...], path: tuple[str | int, ...], message: str
) -> None:
    with pytest.raises(InvalidField) as caught:
        parameter(*values)
    assert caught.value.path == path
    assert caught.value.message == message


@pytest.mark.parametrize(
    "choice",
    [None, [1], {}, NAN, INFINITY, 2**53 + 1, "a\nb", "\udfff", "x" * 201, np.float64(1.0), np.str_("a")],
)
def test_a_choice_that_json_would_not_bring_back_is_refused(choice: Any) -> None:
    with pytest.raises(InvalidField, match=r"^`choices` must be printable text .* but choice 1 is ") as caught:
        CategoricalParameter("c", ("first", choice))
    assert caught.value.path == ("choices", 1)


def test_true_and_one_are_different_choices() -> None:
    parameter = CategoricalParameter("c", (1, True, 0, False, "1"))
    found = [parameter.from_unit(parameter.to_unit(choice)) for choice in parameter.choices]
    assert [(type(value), value) for value in found] == [(int, 1), (bool, True), (int, 0), (bool, False), (str, "1")]


def test_the_borders_given_as_integers_become_floats() -> None:
    parameter = FloatParameter("x", np.float64(1), 2)
    assert (type(parameter.low), type(parameter.high)) == (float, float)


def test_the_values_of_an_int_parameter_are_low_to_high_by_step() -> None:
    parameter = IntParameter("n", -4, 8, step=4)
    assert [parameter.from_unit(unit) for unit in (0.0, 0.24, 0.25, 0.5, 0.99, 1.0)] == [-4, -4, 0, 4, 8, 8]


@pytest.mark.parametrize(
    ("parameter", "inside", "outside"),
    [
        (FloatParameter("x", 0, 1), [0, 0.5, 1.0], [-0.1, 1.1, NAN, INFINITY, True, "0.5", None, 10**400]),
        (IntParameter("n", 0, 8, step=4), [0, 4, 8], [2, 12, -4, 4.0, False, "4", None]),
        (CategoricalParameter("c", (1, "a", False)), [1, 1.0, "a", False], [True, 0, "b", None, [1], NAN]),
    ],
)
def test_contains_tells_the_parameters_values_from_others(
    parameter: Any, inside: list[Any], outside: list[Any]
) -> None:
    assert all(parameter.contains(value) for value in inside)
    assert not any(parameter.contains(value) for value in outside)
    for value in outside:
        with pytest.raises(InvalidField, match=rf"^`{parameter.name}` cannot be "):
            parameter.to_unit(value)


def test_an_integer_too_long_to_print_is_refused_like_any_other() -> None:
    with pytest.raises(InvalidField, match="`low` must be a finite number, but got int too long to print"):
        FloatParameter("x", 10**5000, 1)
    with pytest.raises(InvalidField, match="but choice 0 is int too long to print"):
        CategoricalParameter("c", (10**5000,))
