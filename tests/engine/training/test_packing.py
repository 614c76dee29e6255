"""Which plans train together."""

from dataclasses import fields, replace

import pytest

from engine.training.augmentation import Augmentation
from engine.training.packing import PackKey, group_by_key, pack_key, unit_masks
from engine.training.plan import TrainingPlan

PLAN = TrainingPlan(hidden_units=(20, 40), width_step=32)

# For each field of a plan another value, and whether plans that differ in it can train together.
CHANGES: list[tuple[TrainingPlan, bool]] = [
    (replace(PLAN, seed=1), True),
    (replace(PLAN, hidden_units=(32, 33)), True),
    (replace(PLAN, hidden_units=(33, 40)), False),
    (replace(PLAN, hidden_units=(20,)), False),
    (replace(PLAN, activation="tanh"), False),
    (replace(PLAN, initializer="he"), True),
    (replace(PLAN, optimizer="sgd"), False),
    (replace(PLAN, learning_rate=0.5), True),
    (replace(PLAN, momentum=0.5), True),
    (replace(PLAN, beta_1=0.5), True),
    (replace(PLAN, beta_2=0.5), True),
    (replace(PLAN, epsilon=0.5), True),
    (replace(PLAN, batch_size=65), False),
    (replace(PLAN, epochs=5), True),
    (replace(PLAN, schedule="time"), True),
    (replace(PLAN, decay_rate=0.5), True),
    (replace(PLAN, decay_k=2.0), True),
    (replace(PLAN, decay_every=2), True),
    (replace(PLAN, rates=((1, 0.5),)), True),
    (replace(PLAN, l1=0.5), False),
    (replace(PLAN, l2=0.5), False),
    (replace(PLAN, keep_probs=(0.5, 1.0)), False),
    (replace(PLAN, batch_norm=True), False),
    (replace(PLAN, normalize_inputs=False), False),
    (replace(PLAN, early_stopping_patience=5), True),
    (replace(PLAN, augmentation=Augmentation(flip=True)), False),
    (replace(PLAN, record_batch_losses=True), True),
    (replace(PLAN, metric="f1"), False),
    (replace(PLAN, width_step=1), False),
]


def differing_field(plan: TrainingPlan) -> str:
    (name,) = [field.name for field in fields(plan) if getattr(plan, field.name) != getattr(PLAN, field.name)]
    return name


@pytest.mark.parametrize(("other", "together"), CHANGES, ids=[differing_field(other) for other, _ in CHANGES])
def test_plans_train_together_unless_they_differ_in_the_shape_of_the_arithmetic(
    other: TrainingPlan, together: bool
) -> None:
    assert (pack_key(other) == pack_key(PLAN)) == together


def test_each_field_of_a_plan_is_changed_here() -> None:
    assert {differing_field(other) for other, _ in CHANGES} == {field.name for field in fields(TrainingPlan)}


def test_any_two_penalties_train_together_but_not_with_none() -> None:
    assert pack_key(replace(PLAN, l2=1e-9)) == pack_key(replace(PLAN, l2=5.0)) != pack_key(PLAN)
    assert pack_key(replace(PLAN, l1=1e-9)) == pack_key(replace(PLAN, l1=5.0)) != pack_key(PLAN)


def test_any_two_keep_probs_train_together_where_the_same_layers_drop() -> None:
    both, first, none = (replace(PLAN, keep_probs=keep_probs) for keep_probs in [(0.5, 0.9), (0.5, 1.0), (1.0, 1.0)])
    assert pack_key(both) == pack_key(replace(PLAN, keep_probs=(0.9, 0.1))) != pack_key(first)
    assert pack_key(none) == pack_key(PLAN)


def test_any_two_augmentations_train_together_but_not_with_none() -> None:
    flipped, noisy = (replace(PLAN, augmentation=each) for each in (Augmentation(flip=True), Augmentation(noise=0.1)))
    assert pack_key(flipped) == pack_key(noisy) != pack_key(PLAN)


def test_groups_keep_the_order_of_their_first_members() -> None:
    wide, narrow = replace(PLAN, hidden_units=(100,)), replace(PLAN, hidden_units=(5,))
    plans = [wide, PLAN, narrow, replace(wide, seed=1), replace(narrow, hidden_units=(6,)), replace(wide, seed=2)]
    assert group_by_key(plans) == [[0, 3, 5], [1], [2, 4]]
    assert group_by_key([]) == []


@pytest.mark.parametrize(("units", "width"), [(1, 32), (31, 32), (32, 32), (33, 64), (100, 128), (4096, 4096)])
def test_widths_are_rounded_up(units: int, width: int) -> None:
    assert pack_key(replace(PLAN, hidden_units=(units,))).widths == (width,)


@pytest.mark.parametrize("units", [1, 31, 33, 4096])
def test_without_a_step_widths_are_exact(units: int) -> None:
    assert pack_key(TrainingPlan(hidden_units=(units, 7))).widths == (units, 7)


@pytest.mark.parametrize(
    ("plan", "text"),
    [
        (TrainingPlan(), "64-64 relu adam batch 64"),
        (replace(PLAN, l2=0.1, optimizer="momentum"), "32-64 relu momentum batch 64 l2"),
        (replace(PLAN, normalize_inputs=False, activation="tanh"), "32-64 tanh adam batch 64 raw inputs"),
        (replace(PLAN, l1=0.1, batch_norm=True), "32-64 relu adam batch 64 l1 batch norm"),
        (replace(PLAN, keep_probs=(1.0, 0.5)), "32-64 relu adam batch 64 dropout 2"),
        (replace(PLAN, augmentation=Augmentation()), "32-64 relu adam batch 64 augmented"),
    ],
)
def test_a_key_can_be_read(plan: TrainingPlan, text: str) -> None:
    assert str(pack_key(plan)) == text


def test_a_key_knows_its_widths() -> None:
    assert pack_key(PLAN) == PackKey(
        widths=(32, 64),
        activation="relu",
        optimizer="adam",
        batch_size=64,
        normalize_inputs=True,
        has_l1=False,
        has_l2=False,
        batch_norm=False,
        drops=(False, False),
        augments=False,
        metric=None,
    )


def test_masks_mark_each_members_own_units() -> None:
    plans = [replace(PLAN, hidden_units=(1, 3)), replace(PLAN, hidden_units=(2, 1))]
    first, second = unit_masks((2, 3), plans)
    assert first.tolist() == [[[1, 0]], [[1, 1]]]
    assert second.tolist() == [[[1, 1, 1]], [[1, 0, 0]]]
