"""Numbers, times and ranges as the command writes them."""

import time
from typing import Any

import pytest
from rich.console import Console

from app.cli.console import printable
from app.cli.figures import clock, duration, elapsed, measured, metric_label, moment, number, what_pruning_saved
from app.cli.progress import Forecast
from app.cli.zoom import zoom_table


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0123456, "0.01235"),
        (1e-7, "1e-07"),
        (128, "128"),
        (0.9, "0.9"),
        (0.98765, "0.9877"),
        (0.99951, "0.99951"),
        (0.9999943, "0.9999943"),
        (1.0, "1"),
        ("adam", "adam"),
        (True, "true"),
        ("a\nb", r"a\nb"),
    ],
)
def test_a_value_has_the_digits_that_tell_it_from_others(value: Any, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("error_rate", 0.016667, "1.67 %"),
        ("f1", 1.0, "100.00 %"),
        ("rmse", 1234.56, "1235"),
        ("rmse", 37170.49, "37,170"),
        ("mae", 1.5e15, "1.5e+15"),
        ("r2", -37170.49, "-37,170"),
        ("rmse", None, "–"),
    ],
)
def test_shares_are_shown_as_percentages_and_large_numbers_in_full(metric: str, value: float | None, text: str) -> None:
    assert measured(metric, value) == text


@pytest.mark.parametrize(
    ("saved", "text"),
    [
        (1234, "pruning saved 1,234 epochs of 7 trials"),
        (-1234, "pruning trained 1,234 epochs more than it saved"),
    ],
)
def test_pruning_that_trained_more_again_than_it_saved_says_so(saved: int, text: str) -> None:
    assert what_pruning_saved({"epochs_saved": saved, "counts": {"pruned": 7}}) == text


def test_what_could_steer_the_terminal_is_escaped() -> None:
    assert printable("é[red]\x1b[2J\n\u202e") == r"é[red]\x1b[2J\n\u202e"


def test_a_metric_is_named_with_the_rows_it_was_measured_on() -> None:
    assert [metric_label("error_rate"), metric_label("log_loss", "train")] == ["dev error", "train log loss"]


def test_a_time_is_shown_in_the_time_zone_of_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert moment("2026-11-23T23:16:35.046230Z") == "24 Nov 2026, 08:16"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_durations_are_as_exact_as_they_are_short() -> None:
    assert [duration(seconds) for seconds in (0.4, 59.4, 60, 3725)] == ["0 s", "59 s", "1 min 0 s", "1 h 2 min"]
    assert [clock(seconds) for seconds in (0, 7.2, 65, 3665)] == ["0:00", "0:08", "1:05", "1:01:05"]
    assert elapsed("2026-01-01T00:00:00Z", "2026-01-01T00:01:30.4Z") == "1 min 30 s"
    assert elapsed("2026-01-01T00:00:00Z", None) is None


def test_the_time_left_follows_the_pace_and_counts_down_between_bursts() -> None:
    forecast = Forecast()
    forecast.record(20, 100, now=0)  # the watching began here, so these say nothing of the pace
    assert forecast.seconds_left(0) is None
    forecast.record(40, 100, now=10)
    assert forecast.seconds_left(10) == 30
    forecast.record(40, 100, now=14)
    assert forecast.seconds_left(14) == 26
    assert forecast.seconds_left(99) == 0
    forecast.record(70, 100, now=20)
    assert forecast.seconds_left(20) == 12


def test_trials_that_may_go_on_to_another_rung_tell_no_pace() -> None:
    forecast = Forecast()
    study = {"trials": 90, "round": 0, "rung": 0, "finalists": None}
    forecast.follow(study | {"counts": {"pruned": 0}}, now=0)
    forecast.follow(study | {"counts": {"pruned": 30}}, now=10)
    forecast.follow(study | {"rung": 1, "counts": {"pruned": 25}}, now=15)
    assert forecast.seconds_left(15) is None
    forecast.follow(study | {"round": 1, "counts": {"pruned": 28, "complete": 2}}, now=30)
    assert forecast.seconds_left(30) == 60
    forecast.follow(study | {"round": 1, "counts": {"pruned": 50, "complete": 2}}, now=35)
    assert forecast.seconds_left(35) == 55
    forecast.follow(study | {"round": 2, "rung": 2, "finalists": [4], "counts": {"complete": 60}}, now=60)
    assert forecast.seconds_left(60) == 30


FLOAT = {"name": "learning_rate", "type": "float", "low": 0.001, "high": 1, "scale": "log"}
CHOICE = {"name": "optimizer", "type": "categorical", "choices": ["sgd", "adam", "momentum", "rmsprop", "lion"]}


def zoomed(parameter: dict[str, Any], *sides: dict[str, Any]) -> list[str]:
    """The rows of the picture, without its heading."""
    rounds = [{"number": number, "box": {parameter["name"]: side}} for number, side in enumerate(sides)]
    console = Console(width=100)
    with console.capture() as capture:
        console.print(zoom_table([parameter], rounds))
    return [line.rstrip() for line in capture.get().splitlines()[1:]]


def test_a_bar_lies_where_the_range_lies_on_its_scale() -> None:
    first, second, third = zoomed(
        FLOAT, {"low": 0.001, "high": 1}, {"low": 0.01, "high": 0.1}, {"low": 0.9999, "high": 1}
    )
    assert first == "learning_rate      0  ████████████████████████  0.001 to 1"
    assert second == "  log              1  ········████████········  0.01 to 0.1"
    assert third.split()[1] == "·······················█"


def test_choices_are_shown_with_their_shares_and_many_are_cut_short() -> None:
    (row,) = zoomed(CHOICE, {"choices": CHOICE["choices"], "weights": [0.1, 0.5, 0.2, 0.04, 0.16]})
    assert row.endswith("sgd 10 %, adam 50 %, momentum 20 %, lion 16 %, 1 more")


def test_of_many_rounds_the_first_and_the_last_are_shown() -> None:
    rows = zoomed(FLOAT, *[{"low": 0.001, "high": 1}] * 10)
    assert [row.split("█")[0].split()[-1] for row in rows] == ["0", "5", "6", "7", "8", "9"]
