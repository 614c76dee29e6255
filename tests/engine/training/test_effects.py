"""Which training values change something under which others, and which do not go together."""

from typing import Any, get_args

import pytest

from engine.errors import InvalidField
from engine.training.effects import USED_BY, check_effect, check_searched, check_together
from engine.training.plan import TrainingPlan
from engine.training.values import RULES, OptimizerName, ScheduleName


@pytest.mark.parametrize(
    ("name", "possible", "message"),
    [
        (
            "momentum",
            {},
            "`momentum` has no effect: `optimizer` must be able to be 'momentum', but it is 'adam'",
        ),
        (
            "momentum",
            {"optimizer": ("sgd", "adam")},
            "`momentum` has no effect: `optimizer` must be able to be 'momentum', but it is 'sgd' or 'adam'",
        ),
        (
            "beta_2",
            {"optimizer": ("momentum",)},
            "`beta_2` has no effect: `optimizer` must be able to be 'adam', but it is 'momentum'",
        ),
        (
            "epsilon",
            {"optimizer": ("sgd", "momentum")},
            "`epsilon` has no effect: `optimizer` must be able to be 'adam', but it is 'sgd' or 'momentum'",
        ),
        (
            "decay_rate",
            {},
            "`decay_rate` has no effect: `schedule` must be able to be 'time', but it is 'constant'",
        ),
        (
            "decay_rate",
            {"schedule": ("sqrt", "manual")},
            "`decay_rate` has no effect: `schedule` must be able to be 'time', but it is 'sqrt' or 'manual'",
        ),
        (
            "decay_k",
            {"schedule": ("time",)},
            "`decay_k` has no effect: `schedule` must be able to be 'sqrt', but it is 'time'",
        ),
        (
            "decay_every",
            {"schedule": ("time", "sqrt")},
            "`decay_every` has no effect: `schedule` must be able to be 'staircase', but it is 'time' or 'sqrt'",
        ),
        ("keep_prob_3", {}, "`keep_prob_3` has no effect: `hidden_layers` is at most 2"),
        (
            "keep_prob",
            {"keep_prob_1": (0.5, 1.0), "keep_prob_2": (0.5,)},
            "`keep_prob` has no effect: each layer has its own",
        ),
        ("rates", {}, "`rates` has no effect: `schedule` must be able to be 'manual', but it is 'constant'"),
        ("hidden_units_3", {}, "`hidden_units_3` has no effect: `hidden_layers` is at most 2"),
        (
            "hidden_units_4",
            {"hidden_layers": (1, 3)},
            "`hidden_units_4` has no effect: `hidden_layers` is at most 3",
        ),
        (
            "hidden_units",
            {"hidden_units_1": (8, 16), "hidden_units_2": (8,)},
            "`hidden_units` has no effect: each layer has its own",
        ),
    ],
)
def test_searching_what_can_change_nothing_is_refused(
    name: str, possible: dict[str, tuple[Any, ...]], message: str
) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_effect(name, possible)
    assert refusal.value.path == (name,)
    assert refusal.value.message == message


@pytest.mark.parametrize(
    ("name", "possible"),
    [
        ("learning_rate", {}),
        ("momentum", {"optimizer": ("momentum",)}),
        ("momentum", {"optimizer": ("momentum", "adam")}),
        ("beta_1", {}),
        ("epsilon", {"optimizer": ("sgd", "adam")}),
        ("beta_2", {"optimizer": ("rmsprop",)}),
        ("epsilon", {"optimizer": ("sgd", "adagrad")}),
        ("decay_rate", {"schedule": ("constant", "staircase")}),
        ("decay_rate", {"schedule": ("exponential",)}),
        ("decay_k", {"schedule": ("sqrt",)}),
        ("decay_every", {"schedule": ("staircase",)}),
        ("keep_prob_2", {}),
        ("keep_prob_3", {"hidden_layers": (1, 3)}),
        ("keep_prob", {"keep_prob_1": (0.5,)}),
        ("hidden_units_2", {}),
        ("hidden_units_3", {"hidden_layers": (1, 3)}),
        ("hidden_units", {"hidden_units_1": (8, 16)}),
        ("hidden_units", {"hidden_units_1": (8,), "hidden_units_2": (8,), "hidden_layers": (2, 3)}),
    ],
)
def test_searching_what_can_change_something_is_allowed(name: str, possible: dict[str, tuple[Any, ...]]) -> None:
    check_effect(name, possible)


def test_what_is_recorded_can_be_set_but_not_searched() -> None:
    possible = {"record_batch_losses": (False, True)}
    check_effect("record_batch_losses", possible)
    with pytest.raises(InvalidField, match="`record_batch_losses` has no effect on a result, so it cannot be searched"):
        check_searched("record_batch_losses", possible)


def test_whoever_uses_a_value_exists() -> None:
    known = {"optimizer": get_args(OptimizerName), "schedule": get_args(ScheduleName)}
    assert set(USED_BY) <= set(RULES)
    for chooser, users in USED_BY.values():
        assert set(users) <= set(known[chooser])


@pytest.mark.parametrize(
    "possible",
    [
        {"batch_norm": (True,), "batch_size": (1, 64)},
        {"batch_norm": (False, True), "batch_size": (1,)},
    ],
)
def test_batch_norm_and_a_batch_of_one_row_are_refused_together(possible: dict[str, tuple[Any, ...]]) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_together(possible)
    assert refusal.value.path == ("batch_size",)
    assert refusal.value.message == (
        "`batch_size` must be at least 2 with `batch_norm`, but can be 1: one row alone has no variance"
    )


@pytest.mark.parametrize("possible", [{"schedule": ("manual",)}, {"schedule": ("time", "manual"), "rates": ((),)}])
def test_a_manual_schedule_without_rates_is_refused(possible: dict[str, tuple[Any, ...]]) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_together(possible)
    assert refusal.value.path == ("rates",)
    assert refusal.value.message == "`rates` must be given where `schedule` can be 'manual'"


@pytest.mark.parametrize(
    "possible",
    [
        {},
        {"batch_norm": (True,)},
        {"batch_norm": (True,), "batch_size": (2, 64)},
        {"batch_norm": (False,), "batch_size": (1,)},
        {"batch_size": (1,)},
        {"schedule": ("time", "sqrt")},
        {"schedule": ("manual",), "rates": (((1, 0.1),),)},
    ],
)
def test_what_goes_together_is_allowed(possible: dict[str, tuple[Any, ...]]) -> None:
    check_together(possible)


def test_a_plan_alone_refuses_a_batch_of_one_row_with_batch_norm() -> None:
    with pytest.raises(InvalidField) as refusal:
        TrainingPlan(batch_norm=True, batch_size=1)
    assert refusal.value.path == ("batch_size",)
    assert TrainingPlan(batch_norm=True, batch_size=2).batch_size == 2
    assert TrainingPlan(batch_norm=False, batch_size=1).batch_size == 1
