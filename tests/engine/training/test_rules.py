"""Rules for single values: each says itself, and nothing that JSON can hold slips through or breaks it."""

from typing import Any

import pytest

from engine.errors import InvalidField
from engine.training.rules import Rule, choice, number, optional, switch, whole

RULES: dict[str, tuple[Rule, list[Any], list[Any]]] = {
    "a whole number from 1 to 10": (whole(1, 10), [1, 10], [0, 11, -(10**40), 10**40, 1.0]),
    "a number above 0 and below 1e+30": (number(above=0), [1, 5e-324, 9e29], [0, -0.0, -1, 1e30, 10**40]),
    "a number at least 0 and below 1": (number(0, below=1), [0, 0.0, 0.999999], [-1e-9, 1, 1.0, 10**40]),
    "true or false": (switch(), [True, False], [0, 1, "true"]),
    "a whole number from 1 to 3, or null": (optional(whole(1, 3)), [None, 1, 3], [0, 4, 2.0]),
}

NEVER_RIGHT = [float("nan"), float("inf"), float("-inf"), "1", "", [], [1], {}, {"a": 1}]


@pytest.mark.parametrize("text", RULES)
def test_a_rule_holds_for_good_values_alone_and_says_itself(text: str) -> None:
    rule, good, bad = RULES[text]
    for value in good:
        rule.check("name", value)
    for value in [*bad, *NEVER_RIGHT]:
        with pytest.raises(InvalidField) as refusal:
            rule.check("name", value)
        assert refusal.value.path == ("name",)
        assert refusal.value.message == f"`name` must be {text}, but got {value!r}"


@pytest.mark.parametrize("text", [text for text in RULES if text != "true or false"])
def test_true_is_no_number(text: str) -> None:
    with pytest.raises(InvalidField):
        RULES[text][0].check("name", True)


@pytest.mark.parametrize("text", [text for text in RULES if not text.endswith("null")])
def test_null_is_right_only_where_it_is_offered(text: str) -> None:
    with pytest.raises(InvalidField):
        RULES[text][0].check("name", None)


def test_a_choice_names_the_nearest_one() -> None:
    rule = choice(("relu", "tanh"))
    rule.check("activation", "tanh")
    with pytest.raises(InvalidField) as refusal:
        rule.check("activation", "tan")
    assert refusal.value.message == "`activation`: unknown choice 'tan': the nearest known one is 'tanh'"


@pytest.mark.parametrize("value", [3, None, True, ["relu"], {}])
def test_a_choice_is_a_word(value: Any) -> None:
    with pytest.raises(InvalidField) as refusal:
        choice(("relu", "tanh")).check("activation", value)
    assert refusal.value.message == f"`activation` must be one of relu, tanh, but got {value!r}"
