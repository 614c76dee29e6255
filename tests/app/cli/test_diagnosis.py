"""A diagnosis in a few words, for a column, and in a table with what to try next."""

from typing import Any

import pytest
from rich.console import Console

from app.cli.diagnosis import diagnosis_table, findings


def diagnosed(verdict: str | None, *signs: str, advice: tuple[str, ...] = ()) -> dict[str, Any]:
    gaps = {"avoidable_bias": 0.005, "variance": 0.034} if verdict else {"avoidable_bias": None, "variance": None}
    return {"verdict": verdict, **gaps, "signs": list(signs), "advice": list(advice)}


@pytest.mark.parametrize(
    ("diagnosis", "words"),
    [
        (None, "–"),
        (diagnosed(None), "–"),
        (diagnosed("good"), "good"),
        (diagnosed("high_bias"), "high bias"),
        (diagnosed("both"), "high bias and variance"),
        (diagnosed("good", "saturated"), "saturated"),
        (diagnosed(None, "vanishing", "plateau"), "vanishing, plateau"),
        (diagnosed("high_variance", "saturated"), "high variance, saturated"),
    ],
)
def test_what_is_wrong_is_said_in_a_few_words(diagnosis: dict[str, Any] | None, words: str) -> None:
    assert findings(diagnosis) == words


def told(diagnosis: dict[str, Any]) -> list[list[str]]:
    console = Console(width=80)
    with console.capture() as captured:
        console.print(diagnosis_table(diagnosis))
    return [line.split("  ") for line in captured.get().splitlines()]


def test_the_gaps_and_the_advice_stand_below_each_other() -> None:
    rows = told(diagnosed("high_variance", advice=("use more l2", "use a smaller network")))
    assert [[cell.strip() for cell in row if cell.strip()] for row in rows] == [
        ["findings", "high variance"],
        ["avoidable bias", "0.50 %"],
        ["variance", "3.40 %"],
        ["to try next", "use more l2"],
        ["use a smaller network"],
    ]


def test_without_an_error_rate_there_are_no_gaps() -> None:
    assert len(told(diagnosed(None, "plateau"))) == 1


def test_where_nothing_is_told_it_says_for_which_metric_it_would_be() -> None:
    [[_, *words]] = told(diagnosed(None))
    assert "".join(words).strip() == "none: bias and variance are told for the metric error_rate alone"
