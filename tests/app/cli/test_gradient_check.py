"""Gradient checks from the command line."""

import json
from typing import Any

import pytest

from app.client import Client
from tests.app.cli.running import Parfocal

OPTIONS = ["--set", "hidden_units=6", "--set", "activation=tanh", "--set", "batch_norm=true"]


def test_gradients_are_checked_and_told_array_by_array(parfocal: Parfocal) -> None:
    outcome = parfocal("gradient-check", "breast-cancer", *OPTIONS, "--epochs", "2")
    assert (outcome.exit_code, outcome.err) == (0, "")
    _, title, heading, *lines, verdict = outcome.out.splitlines()
    assert title == "Gradients of a network for breast-cancer, after 2 epochs"
    assert heading.split() == ["array", "verdict", "relative", "error", "one-sided", "checked", "skipped"]
    assert [line.split()[0] for line in lines] == ["W1", "beta1", "gamma1", "W2", "beta2", "gamma2", "W3", "b3", "all"]
    assert {line.split()[1] for line in lines[:-1]} == {"right"}
    assert "180" in lines[0]
    assert verdict == "verdict: right"


def test_of_a_large_array_it_says_how_much_was_checked(parfocal: Parfocal) -> None:
    assert " 200 of 4,096 " in parfocal("gradient-check", "--set", "hidden_layers=1").out


def test_the_answer_can_be_had_as_it_is(parfocal: Parfocal, client: Client) -> None:
    check = json.loads(parfocal("gradient-check", "diabetes", *OPTIONS, "--seed", "7", "--json").out)
    assert check == client.gradient_check(check["id"]) == next(client.gradient_checks())
    assert (check["dataset"], check["seed"], check["verdict"]) == ("diabetes", 7, "right")
    assert check["training"] == {"hidden_units": 6, "activation": "tanh", "batch_norm": True}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["digitz"], "/dataset: unknown dataset 'digitz': the nearest known one is"),
        (["--set", "epsilom=1"], "/training/epsilom: unknown training value 'epsilom': the nearest known one is"),
        (["--set", "l2=NaN"], "/training/l2: `l2` must be a number at least 0 and below 1e+30, but got 'NaN'"),
        (["--set", "l2=1e999"], "but got '1e999'"),
        (["--epochs", "5000"], "/epochs: `epochs` must be less than or equal to 1000, but got 5000"),
    ],
)
def test_what_cannot_be_checked_is_refused(parfocal: Parfocal, arguments: list[str], complaint: str) -> None:
    outcome = parfocal("gradient-check", *arguments)
    assert outcome.exit_code == 1
    assert complaint in outcome.complaint


def checked(**changes: Any) -> dict[str, Any]:
    names = {"right": "W1", "look_closer": "b1", "wrong": "W2"}
    layers = [
        {"name": name, "verdict": verdict, "relative_error": 0.5, "one_sided_error": 0.5}
        | {"size": 9, "checked": 9, "skipped": 0}
        for verdict, name in names.items()
    ]
    check = {"state": "complete", "dataset": "digits", "epochs": 0, "verdict": "wrong", "failure": None}
    return check | {"layers": layers, "overall": layers[0]} | changes


@pytest.mark.parametrize(
    ("check", "complaint"),
    [
        (checked(), "the gradients are not right: wrong at W2"),
        (checked(verdict="look_closer"), "not every gradient is surely right: look closer at b1"),
        (checked(state="failed", verdict=None, failure="too bad"), "the gradients could not be checked: too bad"),
    ],
)
def test_what_is_not_right_is_exit_code_1(
    parfocal: Parfocal, check: dict[str, Any], complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, "create_gradient_check", lambda *_: {"id": "any"})
    monkeypatch.setattr(Client, "gradient_check", lambda *_: check)
    outcome = parfocal("gradient-check")
    assert (outcome.exit_code, outcome.complaint) == (1, complaint)
