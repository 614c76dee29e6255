"""What training costs, as far as packing goes by it: how two trainings compare."""

from dataclasses import replace

import pytest

from engine.training.costs import FEWEST_MEMBERS, MOST_MEMBERS, best_members, training_seconds
from engine.training.data_shape import DataShape
from engine.training.plan import TrainingPlan

DIGITS = DataShape(features=64, outputs=10, train_rows=1437, dev_rows=360)
PLAN = TrainingPlan(hidden_units=(32, 16), batch_size=32, epochs=20)


@pytest.mark.parametrize(
    ("hidden_units", "batch_size", "members"),
    [((4,), 4, MOST_MEMBERS), ((64, 32), 64, 28), ((256, 256), 128, FEWEST_MEMBERS)],
)
def test_the_larger_a_network_the_fewer_train_best_together(
    hidden_units: tuple[int, ...], batch_size: int, members: int
) -> None:
    found = best_members(replace(PLAN, hidden_units=hidden_units, batch_size=batch_size), DIGITS)
    assert found == pytest.approx(members, rel=0.25)


@pytest.mark.parametrize(
    "longer",
    [
        {"epochs": 40},
        {"batch_size": 8},
        {"hidden_units": (32, 16, 16)},
        {"hidden_units": (256, 256)},
    ],
)
def test_what_takes_longer_is_told_to_take_longer(longer: dict[str, object]) -> None:
    assert training_seconds([replace(PLAN, **longer)], DIGITS) > 1.2 * training_seconds([PLAN], DIGITS)  # type: ignore[arg-type]


def test_a_pack_costs_less_than_its_members_alone_and_more_than_any_of_them() -> None:
    alone = training_seconds([PLAN], DIGITS)
    assert alone < training_seconds([PLAN] * 8, DIGITS) < 4 * alone


def test_a_pack_lasts_as_long_as_its_longest_member() -> None:
    short, long = replace(PLAN, epochs=1), replace(PLAN, epochs=100)
    assert training_seconds([short, long], DIGITS) == pytest.approx(training_seconds([long], DIGITS), rel=0.05)
