"""Learning-rate schedules: each by hand, and that training goes by them."""

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest

from engine.errors import InvalidField
from engine.training.plan import TrainingPlan
from engine.training.schedules import learning_rate
from engine.training.train import train
from engine.training.values import ScheduleName
from tests.engine.training.small_data import clouds

# A schedule with its settings, and the rates of the epochs 1, 2, 3, … from a learning rate of 0.2.
BY_HAND: list[tuple[ScheduleName, dict[str, Any], list[float]]] = [
    ("constant", {}, [0.2, 0.2, 0.2]),
    ("time", {}, [0.1, 0.2 / 3, 0.05, 0.04]),
    ("time", {"decay_rate": 0.5}, [0.2 / 1.5, 0.1, 0.08]),
    ("exponential", {}, [0.19, 0.1805, 0.171475]),
    ("exponential", {"decay_rate": 0.5}, [0.1, 0.05, 0.025]),
    ("sqrt", {}, [0.2, 0.2 / 2**0.5, 0.2 / 3**0.5, 0.1]),
    ("sqrt", {"decay_k": 3.0}, [0.6, 0.6 / 2**0.5, 0.6 / 3**0.5, 0.3]),
    ("staircase", {}, [0.2] * 10 + [0.1] * 10 + [0.05]),
    ("staircase", {"decay_rate": 0.1, "decay_every": 2}, [0.2, 0.2, 0.02, 0.02, 0.002]),
    ("staircase", {"decay_rate": 0.1, "decay_every": 1}, [0.2, 0.02, 0.002]),
    ("manual", {"rates": ((2, 0.5), (4, 0.01))}, [0.2, 0.5, 0.5, 0.01, 0.01]),
    ("manual", {"rates": ((1, 0.3),)}, [0.3, 0.3]),
    ("manual", {"rates": ()}, [0.2, 0.2]),
]


@pytest.mark.parametrize(("schedule", "settings", "rates"), BY_HAND)
def test_each_schedule_has_the_rates_worked_out_by_hand(
    schedule: ScheduleName, settings: dict[str, Any], rates: list[float]
) -> None:
    plan = TrainingPlan(learning_rate=0.2, schedule=schedule, **settings)
    assert [learning_rate(plan, epoch) for epoch in range(1, len(rates) + 1)] == pytest.approx(rates)


def test_every_schedule_is_worked_out_here() -> None:
    assert {schedule for schedule, _, _ in BY_HAND} == set(get_args(ScheduleName))


@pytest.mark.parametrize("rates", [((4, 0.1), (2, 0.2)), ((2, 0.1), (2, 0.2))])
def test_a_manual_schedule_out_of_order_is_refused_by_its_name(rates: tuple[tuple[int, float], ...]) -> None:
    rule = r"^`rates` must be a list of \[epoch, rate\] in the order"
    with pytest.raises(InvalidField, match=rule) as refusal:
        TrainingPlan(schedule="manual", rates=rates)
    assert refusal.value.path == ("rates",)
    with pytest.raises(InvalidField, match=rule):
        TrainingPlan.from_values({"schedule": "manual", "rates": [list(rate) for rate in rates]})


PLAN = TrainingPlan(hidden_units=(9,), learning_rate=0.05, batch_size=16, epochs=6)


def test_training_takes_the_staircases_rate_of_each_epoch() -> None:
    """From its third epoch on nothing moves any more: there a stair is so low that float32 does not feel it."""
    dataset = clouds(3)
    falling = train(replace(PLAN, schedule="staircase", decay_rate=1e-25, decay_every=2), dataset)
    two_epochs, three_epochs = (train(replace(PLAN, epochs=epochs), dataset).parameters for epochs in (2, 3))
    for ours, theirs, further in zip(falling.parameters, two_epochs, three_epochs, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert not np.array_equal(ours, further)


def test_a_staircase_and_the_same_rates_by_hand_train_the_same_bits() -> None:
    staircase = replace(PLAN, schedule="staircase", decay_rate=0.5, decay_every=2)
    by_hand = replace(PLAN, schedule="manual", rates=((3, 0.025), (5, 0.0125)))
    results = [train(plan, clouds(3)) for plan in (staircase, by_hand)]
    for ours, theirs in zip(results[0].parameters, results[1].parameters, strict=True):
        np.testing.assert_array_equal(ours, theirs)
