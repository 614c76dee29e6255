"""Successive halving: all trials of a round train a little, the best again and longer, rung by rung."""

from typing import Any

import pytest

from app.api.views import study_answer
from app.dispatch.messages import Diverged, Done, Finished, Member, TrainPacks
from app.dispatch.workers import Lost
from app.lifecycle import EndedBy, StudyState, TrialState
from app.store import rounds, studies
from app.store.database import Database
from app.store.models import Trial
from engine.search import SuccessiveHalving
from tests.app.dispatch.making import (
    ONE_KEY,
    STUDY,
    add_study,
    advance,
    assert_consistent,
    diverged,
    finished,
    states_of,
    study_of,
    trials_of,
)
from tests.app.dispatch.simulated import Result, Simulation

EPOCHS = 20  # of a whole training: beyond those of a third rung, 18
OBJECTIVE: dict[str, Any] = {**STUDY["objective"], "training": {"epochs": EPOCHS, "hidden_layers": 1}}
HALVED: dict[str, Any] = ONE_KEY | {
    "objective": OBJECTIVE,
    "pruning": SuccessiveHalving(min_epochs=2, reduction_factor=3).to_json(),
    "trials": 9,
}


def stopped_at(number: int, value: float, epochs: int) -> Finished:
    return finished(number, value, epochs_trained=epochs, epochs_saved=EPOCHS - epochs)


def by_number(epochs: int) -> Result:
    """Trial 8 is the best, 7 the next best, … and each is stopped after so many epochs."""
    return lambda member: stopped_at(member.number, (9 - member.number) / 10, epochs)


def end_rung(simulation: Simulation, result: Result) -> None:
    """Let the workers tell what they have, until the rung's trials have all been sent and have ended."""
    dispatcher, workers = simulation
    while workers.working:
        for worker in workers.working:
            workers.finish(worker, result)
        dispatcher.collect()
        dispatcher.send()
    dispatcher.tick()


def rungs_of(database: Database, study_id: str) -> list[Any]:
    with database.reading() as session:
        return [row.rungs for row in rounds.of_study(session, study_id)]


def started(simulation: Simulation, database: Database, **changes: Any) -> str:
    study_id = add_study(database, **HALVED | changes)
    simulation[0].tick()
    return study_id


def sent(simulation: Simulation) -> set[int]:
    return {member.number for worker in simulation[1].working for member in worker.untold}


def test_of_each_rung_the_best_third_goes_on_to_one_that_is_three_times_as_long(
    simulation: Simulation, database: Database
) -> None:
    study_id = started(simulation, database)
    assert sent(simulation) == set(range(9))
    end_rung(simulation, by_number(2))
    assert sent(simulation) == {6, 7, 8}
    assert_consistent(database, study_id)
    end_rung(simulation, by_number(6))
    assert sent(simulation) == {8}
    [worker] = simulation[1].working
    assert isinstance(worker.order, TrainPacks)
    assert worker.order.stop_curve == ()  # the best of one: to its end at once, not to the end of each rung
    end_rung(simulation, lambda member: finished(member.number, 0.05))
    assert states_of(database, study_id) == [TrialState.PRUNED] * 8 + [TrialState.COMPLETE]
    assert rungs_of(database, study_id) == [
        [
            {"epochs": 2, "trials": [*range(9)]},
            {"epochs": 6, "trials": [6, 7, 8]},
            {"epochs": None, "trials": [8]},
        ]
    ]
    study = study_of(database, study_id)
    assert (study.state, study.ended_by) == (StudyState.COMPLETE, EndedBy.BUDGET)
    assert study.epochs_saved == 9 * EPOCHS - (9 * 2 + 3 * 6 + EPOCHS)
    assert_consistent(database, study_id)


@pytest.mark.parametrize(("metric", "out_of_reach"), [("error_rate", float("-inf")), ("accuracy", float("inf"))])
def test_the_limit_of_a_rung_is_out_of_reach_at_its_end(
    simulation: Simulation, database: Database, metric: str, out_of_reach: float
) -> None:
    started(simulation, database, objective=OBJECTIVE | {"metric": metric, "base_error": None, "high_gap": None})
    orders = [worker.order for worker in simulation[1].working]
    assert orders
    for order in orders:
        assert isinstance(order, TrainPacks)
        assert order.stop_curve == (None, out_of_reach)


def test_a_trial_that_ends_by_itself_keeps_its_place_among_the_best(simulation: Simulation, database: Database) -> None:
    study_id = started(simulation, database)

    def result(member: Member) -> Finished:
        return finished(8, 0.1) if member.number == 8 else by_number(2)(member)  # type: ignore[return-value]

    end_rung(simulation, result)
    assert rungs_of(database, study_id)[0][1:] == [{"epochs": 6, "trials": [6, 7]}]


def test_where_all_of_the_best_have_ended_by_themselves_the_round_is_over(
    simulation: Simulation, database: Database
) -> None:
    study_id = started(simulation, database)
    end_rung(simulation, lambda member: finished(member.number))
    assert study_of(database, study_id).state is StudyState.COMPLETE


def test_every_round_has_rungs_of_its_own(simulation: Simulation, database: Database) -> None:
    strategy = {"type": "coarse_to_fine", "rounds": 2, "first_round_share": 0.5}
    study_id = started(simulation, database, strategy=strategy, trials=6)
    end_rung(simulation, lambda member: stopped_at(member.number, 0.5 - member.number / 100, 2))
    end_rung(simulation, lambda member: finished(member.number, 0.2))
    assert rungs_of(database, study_id) == [
        [{"epochs": 2, "trials": [0, 1, 2]}, {"epochs": None, "trials": [2]}],
        [{"epochs": 2, "trials": [3, 4, 5]}],
    ]


def test_seeds_count_in_what_is_saved(simulation: Simulation, database: Database) -> None:
    study_id = started(simulation, database, objective=OBJECTIVE | {"seeds": 2}, trials=3)
    end_rung(simulation, lambda member: finished(member.number, epochs_trained=4, epochs_saved=2 * (EPOCHS - 2)))
    end_rung(simulation, lambda member: finished(member.number))
    assert study_of(database, study_id).epochs_saved == 2 * (3 * EPOCHS - 3 * 2 - EPOCHS)


def test_a_seed_that_had_ended_by_itself_on_the_lower_rung_takes_back_what_it_trained_and_no_more(
    simulation: Simulation, database: Database
) -> None:
    study_id = started(simulation, database, objective=OBJECTIVE | {"seeds": 2}, trials=1)
    end_rung(simulation, lambda member: finished(member.number, epochs_trained=1 + 2, epochs_saved=EPOCHS - 2))
    end_rung(simulation, lambda member: finished(member.number, epochs_trained=1 + EPOCHS))
    assert study_of(database, study_id).epochs_saved == -(1 + 2)


def third_trial(database: Database, study_id: str) -> Trial:
    return trials_of(database, study_id)[2]


@pytest.fixture
def on_second_rung(simulation: Simulation, database: Database) -> str:
    """A study of three trials, of which the last has just gone on."""
    study_id = started(simulation, database, trials=3)
    end_rung(simulation, lambda member: stopped_at(member.number, (9 - member.number) / 10, 2))
    assert sent(simulation) == {2}
    return study_id


def test_one_that_still_waits_for_its_next_rung_has_trained_nothing_of_it(
    simulation: Simulation, database: Database
) -> None:
    dispatcher, workers = simulation
    study_id = started(simulation, database, trials=3)
    for worker in workers.working:
        workers.finish(worker, by_number(2))
    dispatcher.collect()
    dispatcher.propose()
    trial = third_trial(database, study_id)
    assert (trial.state, trial.value, trial.epochs) == (TrialState.WAITING, 0.7, None)
    assert_consistent(database, study_id)


def test_a_trial_that_goes_on_has_all_its_attempts_and_what_it_came_to(on_second_rung: str, database: Database) -> None:
    trial = third_trial(database, on_second_rung)
    assert (trial.state, trial.attempts, trial.value, trial.finished_at) == (TrialState.RUNNING, 0, 0.7, None)


def test_a_worker_that_ends_after_its_result_takes_no_trial_from_the_worker_of_the_next_rung(
    simulation: Simulation, database: Database
) -> None:
    dispatcher, workers = simulation
    study_id = started(simulation, database, trials=1)
    [first] = workers.working
    workers.say(first, stopped_at(0, 0.5, 2))
    dispatcher.tick()
    _, second = workers.working
    workers.say(first, stopped_at(0, 0.9, 2), Done())
    dispatcher.tick()
    assert workers.working == [second]
    [trial] = trials_of(database, study_id)
    assert (trial.state, trial.attempts, trial.alone, trial.value) == (TrialState.RUNNING, 0, False, 0.5)


def test_one_that_is_cancelled_on_its_way_stays_pruned(on_second_rung: str, database: Database) -> None:
    with database.writing() as session:
        studies.end(session, studies.get(session, on_second_rung), StudyState.CANCELLED, EndedBy.CANCELLED)
    trial = third_trial(database, on_second_rung)
    assert (trial.state, trial.value, trial.epochs) == (TrialState.PRUNED, 0.7, 2)
    assert study_of(database, on_second_rung).epochs_saved == 3 * (EPOCHS - 2)
    assert_consistent(database, on_second_rung)


def test_a_study_that_had_no_time_for_its_last_rung_has_failed_and_says_so(
    on_second_rung: str, simulation: Simulation, database: Database
) -> None:
    with database.writing() as session:
        studies.get(session, on_second_rung).max_seconds = 1e-9
    simulation[0].tick()
    study = study_of(database, on_second_rung)
    assert (study.state, study.ended_by) == (StudyState.FAILED, EndedBy.MAX_SECONDS)
    assert study.failure == "no trial completed: those that came to a result were pruned"


def test_a_study_tells_the_rung_it_is_on(on_second_rung: str, simulation: Simulation, database: Database) -> None:
    unhalved = started(simulation, database, pruning=None)
    with database.reading() as session:
        assert study_answer(session, studies.get(session, on_second_rung)).rung == 1
        assert study_answer(session, studies.get(session, unhalved)).rung is None


def test_one_that_diverges_later_has_failed(on_second_rung: str, simulation: Simulation, database: Database) -> None:
    def result(member: Member) -> Diverged:
        return diverged(member.number)

    end_rung(simulation, result)
    trial = third_trial(database, on_second_rung)
    assert (trial.state, trial.value, trial.metrics) == (TrialState.FAILED, None, None)
    assert study_of(database, on_second_rung).epochs_saved == 2 * (EPOCHS - 2) - 2
    assert_consistent(database, on_second_rung)


def test_one_whose_workers_are_lost_has_failed(on_second_rung: str, simulation: Simulation, database: Database) -> None:
    dispatcher, workers = simulation
    for _ in range(STUDY["max_attempts"]):
        workers.say(workers.working[0], Lost())
        dispatcher.tick()
    trial = third_trial(database, on_second_rung)
    assert (trial.state, trial.value, trial.attempts) == (TrialState.FAILED, None, 3)
    assert study_of(database, on_second_rung).epochs_saved == 2 * (EPOCHS - 2) - 2
    assert_consistent(database, on_second_rung)


def test_a_round_that_time_cut_short_opens_no_further_rung_when_the_study_goes_on(
    simulation: Simulation, database: Database
) -> None:
    study_id = started(simulation, database, trials=6)

    def result(member: Member) -> Finished:
        return finished(5, 0.1) if member.number == 5 else by_number(2)(member)  # type: ignore[return-value]

    end_rung(simulation, result)
    assert sent(simulation) == {4}
    with database.writing() as session:
        study = studies.get(session, study_id)
        studies.end(session, study, StudyState.COMPLETE, EndedBy.MAX_SECONDS)
        studies.extend(session, study, 3)
    advance(database, study_id)
    assert rungs_of(database, study_id) == [
        [{"epochs": 2, "trials": [*range(6)]}, {"epochs": None, "trials": [4]}],
        [{"epochs": 2, "trials": [6, 7, 8]}],
    ]
    assert_consistent(database, study_id)
