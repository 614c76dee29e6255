"""Who trains together: a pure choice among waiting trials."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from app.dispatch.packing import ORDER_SECONDS, WINDOW, ChosenPack, choose_packs, plan_of
from app.lifecycle import TrialState
from app.store.models import Study, Trial
from engine.search import READY_MADE, Box, draw
from engine.seeding import Purpose, derived_seed
from engine.training import pack_key
from engine.training.costs import MOST_MEMBERS, best_members, training_seconds
from engine.training.data_shape import DataShape
from engine.training.memory import pack_bytes

NARROW, WIDE = {"hidden_units": 20}, {"hidden_units": 100}  # two pack keys
SHORT, LONG = {"hidden_units": 20, "epochs": 5}, {"hidden_units": 100, "epochs": 50}
DIGITS = DataShape(features=64, outputs=10, train_rows=1078, dev_rows=359)
ROOM = 2**30


def a_study(seeds: int = 1, **training: Any) -> Study:
    space = READY_MADE["mlp-basic"].to_json()
    return Study(
        id="a", seed=5, search_space=space, objective={"metric": "error_rate", "seeds": seeds, "training": training}
    )


def waiting(*values: dict[str, Any]) -> list[Trial]:
    return [
        Trial(number=number, values=own, state=TrialState.WAITING, alone=False, attempts=0)
        for number, own in enumerate(values)
    ]


def chosen(trials: Sequence[Trial], free_workers: int = 1) -> list[int]:
    """The first pack."""
    return choose_packs(a_study(), trials, free_workers, DIGITS, ROOM)[0].numbers


def drawn(count: int) -> list[Trial]:
    """Trials of a real search space, with many pack keys among them."""
    return waiting(*draw(Box.whole(READY_MADE["mlp-basic"]), seed=3, numbers=range(count)))


def test_a_group_trains_together() -> None:
    assert chosen(waiting(NARROW, WIDE, WIDE, NARROW, WIDE)) == [1, 2, 4]


def test_what_takes_longest_goes_first_however_many_others_there_are() -> None:
    assert chosen(waiting(SHORT, SHORT, LONG, SHORT, SHORT, LONG)) == [2, 5]


def test_of_equal_groups_that_of_the_lowest_number_is_taken() -> None:
    relu, tanh = NARROW | {"activation": "relu"}, NARROW | {"activation": "tanh"}
    assert chosen(waiting(tanh, relu, relu, tanh)) == [0, 3]


@pytest.mark.parametrize(("free_workers", "members"), [(1, 10), (2, 5), (3, 4), (9, 2), (10, 1), (256, 1)])
def test_trials_of_one_key_are_shared_among_the_free_workers(free_workers: int, members: int) -> None:
    assert chosen(waiting(*[NARROW] * 10), free_workers) == list(range(members))


def test_a_group_stays_whole_where_other_groups_keep_the_other_workers_busy() -> None:
    four_keys = [{"hidden_units": 20, "batch_size": size} for size in (16, 32, 64, 128)]
    assert len(chosen(waiting(*four_keys * 5), free_workers=2)) == 5


@pytest.mark.parametrize("values", [NARROW, WIDE])
def test_a_pack_has_as_many_members_as_train_best_together_however_many_wait(values: dict[str, Any]) -> None:
    trials = waiting(*[values] * WINDOW)
    members = best_members(plan_of(a_study(), trials[0]), DIGITS)
    assert 1 < members < MOST_MEMBERS
    assert chosen(trials) == list(range(members))


def test_a_trial_that_must_run_alone_goes_first_and_alone() -> None:
    trials = waiting(NARROW, NARROW, WIDE, NARROW)
    trials[2].alone = trials[3].alone = True
    assert chosen(trials) == [2]


def test_there_is_no_pack_where_nothing_waits() -> None:
    assert choose_packs(a_study(), [], 1, DIGITS, ROOM) == []


@pytest.mark.parametrize("free_workers", [1, 2, 7])
def test_every_member_has_the_key_of_the_pack(free_workers: int) -> None:
    trials = drawn(120)
    while packs := choose_packs(a_study(), trials, free_workers, DIGITS, ROOM):
        for pack in packs:
            assert {str(pack_key(member.plan)) for member in pack.members} == {pack.key}
        assert len({pack.key for pack in packs}) == len(packs)
        sent = {number for pack in packs for number in pack.numbers}
        trials = [trial for trial in trials if trial.number not in sent]
    assert trials == []


def test_members_stand_in_the_order_of_their_numbers_with_their_own_plans() -> None:
    trials = drawn(60)
    for pack in choose_packs(a_study(), trials, 1, DIGITS, ROOM):
        assert pack.numbers == sorted(pack.numbers)
        assert [member.plan for member in pack.members] == [plan_of(a_study(), trials[n]) for n in pack.numbers]


def test_the_same_trials_make_the_same_pack() -> None:
    """Also after what may differ between two runs: attempts, versions, earlier packs."""
    later = drawn(60)
    for trial in later:
        trial.attempts, trial.version, trial.pack_size = 2, 99, 16
    assert choose_packs(a_study(), drawn(60), 2, DIGITS, ROOM) == choose_packs(a_study(), later, 2, DIGITS, ROOM)


def seconds(pack: ChosenPack) -> float:
    return training_seconds([member.plan for member in pack.members], DIGITS)


def test_short_packs_share_an_order_that_is_not_long() -> None:
    few_epochs = a_study(epochs=2)
    packs = choose_packs(few_epochs, drawn(60), 1, DIGITS, ROOM)
    assert len(packs) > 3
    assert sum(map(seconds, packs)) <= ORDER_SECONDS
    assert [seconds(pack) for pack in packs] == sorted(map(seconds, packs), reverse=True)


def test_a_long_pack_has_an_order_of_its_own() -> None:
    [pack] = choose_packs(a_study(epochs=100), drawn(60), 1, DIGITS, ROOM)
    assert seconds(pack) > ORDER_SECONDS


@pytest.mark.parametrize("free_workers", [1, 2, 3])
def test_an_order_leaves_the_other_workers_their_share(free_workers: int) -> None:
    trials = waiting(*[{"batch_size": size, "epochs": 2} for size in range(100, 900, 50)])
    total = sum(seconds(pack) for trial in trials for pack in choose_packs(a_study(), [trial], 1, DIGITS, ROOM))
    packs = choose_packs(a_study(), trials, free_workers, DIGITS, ROOM)
    assert 0.7 * total < 2 * free_workers * sum(map(seconds, packs)) <= total


def test_the_last_packs_go_out_one_by_one() -> None:
    assert len(choose_packs(a_study(epochs=1), waiting(NARROW, WIDE), 1, DIGITS, ROOM)) == 1


def test_a_plan_is_made_of_what_the_study_fixes_and_the_trial_tries() -> None:
    [trial] = waiting({"learning_rate": 0.5, "hidden_layers": 3})
    plan = plan_of(a_study(epochs=9, hidden_units=7), trial)
    assert (plan.learning_rate, plan.hidden_units, plan.epochs, plan.metric) == (0.5, (7, 7, 7), 9, "error_rate")


def test_a_trial_trains_with_the_seed_of_its_study_and_number_whatever_else_happened() -> None:
    first, second = waiting(NARROW, NARROW)
    retried = Trial(number=1, values=NARROW, state=TrialState.RUNNING, alone=True, attempts=2, round=3, version=50)
    assert plan_of(a_study(), first).seed == derived_seed(5, Purpose.TRAINING, 0)
    assert plan_of(a_study(), first).seed != plan_of(a_study(), second).seed
    assert plan_of(a_study(), second) == plan_of(a_study(), retried)


def test_a_trial_trains_with_another_seed_in_a_study_with_another_seed() -> None:
    [trial] = waiting(NARROW)
    other = a_study()
    other.seed = 6
    assert plan_of(a_study(), trial).seed != plan_of(other, trial).seed


def test_each_training_of_a_trial_has_a_seed_of_its_own_and_the_first_is_that_of_a_study_with_one() -> None:
    trials = waiting(NARROW, NARROW)
    [pack] = choose_packs(a_study(seeds=3), trials, 1, DIGITS, ROOM)
    seeds = [plan.seed for member in pack.members for plan in member.plans]
    assert len(set(seeds)) == 6
    assert [member.plan for member in pack.members] == [plan_of(a_study(), trial) for trial in trials]
    assert seeds[1] == derived_seed(5, Purpose.TRAINING, 0, 1)
    assert {replace(plan, seed=0) for plan in pack.members[0].plans} == {replace(pack.members[0].plan, seed=0)}


def test_a_repeat_trains_the_values_of_its_finalist_with_seeds_that_nothing_else_has() -> None:
    trial = Trial(number=4, values=NARROW, alone=False)
    repeats = [Trial(number=-place, repeat_of=4, repeat=place, values=NARROW, alone=False) for place in (1, 2)]
    [pack] = choose_packs(a_study(seeds=2), [*repeats, trial], 1, DIGITS, ROOM)
    assert pack.numbers == [-1, -2, 4]
    seeds = [plan.seed for member in pack.members for plan in member.plans]
    assert len(set(seeds)) == 6
    [of_six] = choose_packs(a_study(seeds=6), [trial], 1, DIGITS, ROOM)
    assert [plan.seed for plan in of_six.members[0].plans] == seeds[4:] + seeds[:4]


def test_seeds_count_in_the_size_of_a_pack() -> None:
    trials = waiting(*[NARROW] * WINDOW)
    members = best_members(plan_of(a_study(), trials[0]), DIGITS)
    for seeds in (2, 3, 1000):
        pack = choose_packs(a_study(seeds), trials, 1, DIGITS, ROOM)[0]
        assert len(pack.members) == max(1, members // seeds)


def test_a_pack_holds_no_more_members_than_its_memory_allows_but_one_at_least() -> None:
    trials = waiting(*[NARROW] * 12)
    plan = plan_of(a_study(), trials[0])
    for members in (1, 3, 12):
        [pack] = choose_packs(a_study(), trials, 1, DIGITS, pack_bytes(plan, members, DIGITS))
        assert pack.numbers == list(range(members))
    [alone] = choose_packs(a_study(), trials, 1, DIGITS, 1)
    assert alone.numbers == [0]
