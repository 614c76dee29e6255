"""Pruning: who is given up, when, what is kept of it, and that nobody else notices."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from engine.training.mean_result import mean_result
from engine.training.plan import TrainingPlan
from engine.training.pruning import StopCurve, limit_at
from engine.training.result import TrainingResult
from engine.training.train import train_pack
from tests.engine.training.same_bits import bits
from tests.engine.training.small_data import clouds, wave

PLAN = TrainingPlan(seed=1, hidden_units=(20,), learning_rate=0.03, batch_size=16, epochs=12)
PATIENT = replace(PLAN, early_stopping_patience=5)
FREE: StopCurve = ()


def trained(plans: Sequence[TrainingPlan], *curves: StopCurve) -> list[TrainingResult]:
    return train_pack(plans, clouds(10), stop_curves=curves)


@pytest.mark.parametrize(
    ("epoch", "curve", "limit"),
    [(1, (), None), (1, (0.5, 0.4), 0.5), (2, (0.5, 0.4), 0.4), (9, (0.5, 0.4), 0.4), (1, (None, 0.4), None)],
)
def test_a_curve_goes_on_with_its_last_limit(epoch: int, curve: StopCurve, limit: float | None) -> None:
    assert limit_at(epoch, curve) == limit


@pytest.mark.parametrize("plan", [PLAN, PATIENT], ids=["all epochs", "patience"])
def test_a_member_is_given_up_at_the_first_epoch_whose_best_so_far_is_worse_than_the_curve(plan: TrainingPlan) -> None:
    [whole] = trained([plan], FREE)
    best_by_4 = min(whole.curve.dev[:4])
    curve = [None, *whole.curve.dev[1:3], best_by_4 - 0.001]
    [pruned] = trained([plan], curve)
    assert (pruned.epochs_saved, pruned.epochs, pruned.failure) == (8, 4, None)
    assert pruned.curve.dev == whole.curve.dev[:4]
    assert pruned.value == best_by_4 == pruned.metrics["dev_error_rate"]
    assert pruned.best_epoch is not None
    assert pruned.value == pruned.curve.dev[pruned.best_epoch - 1]


def test_the_weights_of_a_pruned_member_are_those_of_its_best_epoch() -> None:
    [whole] = trained([PLAN], FREE)
    at = next(epoch for epoch in range(2, 12) if whole.curve.dev[epoch] > min(whole.curve.dev[: epoch + 1]))
    [pruned] = trained([PLAN], [None] * at + [0.0])
    assert pruned.best_epoch is not None
    assert pruned.best_epoch <= at < pruned.epochs == at + 1
    [until_there] = trained([replace(PLAN, epochs=pruned.best_epoch)], FREE)
    assert pruned.metrics == until_there.metrics
    assert [w.tobytes() for w in pruned.parameters] == [w.tobytes() for w in until_there.parameters]


def test_as_good_as_the_curve_is_good_enough() -> None:
    [whole] = trained([PLAN], FREE)
    best_so_far = [min(whole.curve.dev[: epoch + 1]) for epoch in range(12)]
    [kept] = trained([PLAN], best_so_far)
    assert bits(kept) == bits(whole)
    assert kept.epochs_saved == 0


def test_what_has_ended_by_itself_is_not_pruned() -> None:
    [last_epoch] = trained([PLAN], [None] * 11 + [0.0])
    assert (last_epoch.epochs_saved, last_epoch.epochs) == (0, 12)
    assert bits(last_epoch) == bits(trained([PLAN], FREE)[0])
    [stopped] = trained([replace(PATIENT, early_stopping_patience=2, epochs=60)], FREE)
    assert stopped.epochs < 60
    [same] = trained([replace(PATIENT, early_stopping_patience=2, epochs=60)], [None] * (stopped.epochs - 1) + [0.0])
    assert same.epochs_saved == 0
    assert bits(same) == bits(stopped)


def test_one_that_diverges_has_failed_even_where_it_would_be_pruned() -> None:
    plan = replace(PLAN, optimizer="sgd", activation="tanh", learning_rate=1.0, l2=61 * 1e12)
    [result] = trained([plan], [0.0])
    assert result.failure is not None
    assert (result.epochs_saved, result.value) == (0, None)


def test_a_metric_to_be_maximised_is_pruned_below_the_curve() -> None:
    plan = replace(PLAN, metric="accuracy")
    below, above = trained([plan, plan], [1.1], [0.0])
    assert (below.epochs_saved, below.epochs) == (11, 1)
    assert above.epochs_saved == 0


def test_pruned_members_leave_and_change_no_bit_of_the_others_nor_of_themselves() -> None:
    plans = [replace(PLAN, seed=seed, learning_rate=0.01 * (1 + seed)) for seed in range(5)]
    plans += [replace(PATIENT, seed=seed) for seed in range(5, 8)]
    curves: list[StopCurve] = [(), (0.0,), (None, None, 0.0), (1e6,), (), (None, 0.0), (), (0.0,)]
    for dataset in (clouds(10), wave()):
        together = train_pack(plans, dataset, stop_curves=curves)
        assert [result.epochs for result in together if result.epochs_saved] == [1, 3, 2, 1]
        for plan, curve, result in zip(plans, curves, together, strict=True):
            [alone] = train_pack([plan], dataset, stop_curves=[curve])
            assert (bits(alone), alone.epochs_saved) == (bits(result), result.epochs_saved)
            if not result.epochs_saved:
                assert bits(train_pack([plan], dataset)[0]) == bits(result)


def test_a_team_is_given_up_together_by_the_curve_of_its_mean() -> None:
    plans = [replace(PLAN, seed=seed) for seed in (1, 2, 3)]
    whole = trained(plans, FREE, FREE, FREE)
    means = mean_result(whole).curve.dev
    at = next(epoch for epoch in range(2, 11) if min(means[: epoch + 1]) < max(r.curve.dev[epoch] for r in whole))
    just_enough = [None] * at + [min(means[: at + 1])]
    assert [r.epochs_saved for r in train_pack(plans, clouds(10), stop_curves=[just_enough] * 3)] != [0, 0, 0]  # alone
    too_much = [None] * at + [min(means[: at + 1]) - 1e-9]
    for curve, epochs in ((just_enough, None), (too_much, at + 1)):
        team = train_pack([*plans, PATIENT], clouds(10), stop_curves=[curve] * 3 + [FREE], teams=[7, 7, 7, 8])[:3]
        pruned = [result.epochs for result in team if result.epochs_saved and result.epochs == at + 1]
        assert pruned == ([] if epochs is None else [epochs] * 3)


def test_one_of_a_team_that_has_ended_stays_complete_when_the_others_are_given_up() -> None:
    short, long = replace(PLAN, epochs=3), replace(PLAN, seed=2)
    ended, pruned = train_pack([short, long], clouds(10), stop_curves=[[None] * 5 + [0.0]] * 2, teams=[0, 0])
    assert (ended.epochs, ended.epochs_saved) == (3, 0)
    assert (pruned.epochs, pruned.epochs_saved) == (6, 6)
    assert bits(ended) == bits(trained([short], FREE)[0])
    assert mean_result([ended, pruned]).epochs_saved == 6
