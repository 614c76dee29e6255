"""The finalists of a study are trained again, and the best of them by the mean is the winner."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from app.confirming import Winner, winner_of_study
from app.dispatch import job_orders
from app.dispatch.messages import SaveModel
from app.dispatch.packing import plan_of
from app.lifecycle import EndedBy, StudyState, TrialState
from app.settings import Settings
from app.store import jobs, repeats, studies, trials
from app.store.database import Database
from app.store.models import Study, Trial
from app.store.times import now
from tests.app.dispatch.making import (
    add_running_study,
    advance,
    answer_of,
    assert_consistent,
    states_of,
    study_of,
    trials_of,
)
from tests.app.dispatch.test_proposing import Result, end_trials

TEN: dict[str, Any] = {"trials": 10, "confirm": {"finalists": 2, "repeats": 3}}  # 4 searched, 6 repeats


def by_number(trial: Trial) -> float:
    return trial.number / 10


def searched(database: Database, result: Callable[[Trial], Result] = by_number, **changes: Any) -> str:
    """A study whose search is over, and whose finalists wait; returns its id."""
    study_id = add_running_study(database, **TEN | changes)
    end_trials(database, study_id, result)
    advance(database, study_id)
    assert_consistent(database, study_id)
    return study_id


def confirmed(database: Database, result: Callable[[Trial], Result], **changes: Any) -> str:
    """A study whose finalists came to `result` when they were trained again."""
    study_id = searched(database, **changes)
    end_trials(database, study_id, result)
    advance(database, study_id)
    assert_consistent(database, study_id)
    return study_id


def repeats_of(database: Database, study_id: str) -> dict[int, list[Trial]]:
    with database.reading() as session:
        return repeats.by_finalist(session, study_id)


def winner_of(database: Database, study_id: str) -> Winner | None:
    with database.reading() as session:
        return winner_of_study(session, studies.get(session, study_id))


def seeds(study: Study, rows: Sequence[Trial]) -> list[int]:
    return [plan_of(study, trial).seed for trial in rows]


def test_the_best_of_the_search_wait_again_with_fresh_seeds_once_it_is_over(database: Database) -> None:
    study_id = searched(database)
    study, rows, again = study_of(database, study_id), trials_of(database, study_id), repeats_of(database, study_id)
    assert (study.state, study.finalists) == (StudyState.RUNNING, [0, 1])
    assert states_of(database, study_id) == [TrialState.COMPLETE] * 4
    assert study.counts[TrialState.WAITING] == 6
    assert [[repeat.repeat for repeat in again[number]] for number in (0, 1)] == [[1, 2, 3]] * 2
    assert all(repeat.values == rows[number].values for number in again for repeat in again[number])
    assert len(set(seeds(study, [*rows, *again[0], *again[1]]))) == 10


def test_the_study_ends_once_they_are_trained_and_the_best_mean_wins(database: Database) -> None:
    study_id = confirmed(database, lambda trial: 0.3 if trial.repeat_of == 0 else 0.2)
    study, winner = study_of(database, study_id), winner_of(database, study_id)
    assert (study.state, study.ended_by) == (StudyState.COMPLETE, EndedBy.BUDGET)
    assert study.counts[TrialState.COMPLETE] == study.trials == 10
    assert winner is not None
    assert (winner.trial.number, winner.seed_values) == (1, [0.1, 0.2, 0.2, 0.2])
    with database.reading() as session:
        best = trials.best(session, study_id)
    assert best is not None
    assert best.number == 0


def test_the_rounds_and_the_warnings_are_those_of_the_search(database: Database) -> None:
    study_id = searched(database)
    before = json.loads(answer_of(database, study_id))
    end_trials(database, study_id, lambda _: 0.0)
    advance(database, study_id)
    after = json.loads(answer_of(database, study_id))
    assert after["rounds"] == before["rounds"]
    for part in ("round", "warnings", "best_trial", "finalists"):
        assert after["study"][part] == before["study"][part]


def test_repeats_stand_under_their_trial_in_the_export(database: Database) -> None:
    study_id = confirmed(database, lambda trial: None if trial.repeat == 2 else 0.5)
    document = json.loads(answer_of(database, study_id))
    assert [trial["number"] for trial in document["trials"]] == [0, 1, 2, 3]
    assert [len(trial["repeats"]) for trial in document["trials"]] == [3, 3, 0, 0]
    failed = document["trials"][0]["repeats"][1]
    assert (failed["repeat"], failed["state"], failed["failure_reason"]) == (2, "failed", "diverged")
    assert document["study"]["confirm"] == {"finalists": 2, "repeats": 3}
    assert document["study"]["finalists"] == [0, 1]
    assert document["study"]["winner"]["trainings"] == 3


def test_a_finalist_that_fails_again_loses_to_one_that_does_not(database: Database) -> None:
    study_id = confirmed(database, lambda trial: None if (trial.repeat_of, trial.repeat) == (0, 3) else trial.repeat_of)
    winner = winner_of(database, study_id)
    assert winner is not None
    assert winner.trial.number == 1


def test_a_study_of_which_only_one_trial_completed_has_one_finalist(database: Database) -> None:
    study_id = searched(database, lambda trial: 0.5 if trial.number == 2 else None)
    assert study_of(database, study_id).finalists == [2]
    assert len(repeats_of(database, study_id)[2]) == 3


def test_a_study_of_which_no_trial_completed_has_nothing_to_confirm(database: Database) -> None:
    study_id = searched(database, lambda _: None)
    study = study_of(database, study_id)
    assert (study.state, study.finalists, study.failure) == (StudyState.FAILED, None, "no trial completed")


def test_where_time_runs_out_before_all_are_trained_the_best_of_the_search_wins(database: Database) -> None:
    study_id = searched(database, max_seconds=60.0)
    end_trials(database, study_id, lambda _: -1.0, limit=3)  # those of finalist 1, which would win by them
    with database.writing() as session:
        studies.get(session, study_id).started_at = now() - timedelta(seconds=61)
    advance(database, study_id)
    winner = winner_of(database, study_id)
    assert study_of(database, study_id).state is StudyState.COMPLETE
    assert winner is not None
    assert (winner.trial.number, winner.seed_values) == (0, [0.0])


def test_a_confirmation_that_was_cut_short_once_spoils_no_later_one_of_other_finalists(database: Database) -> None:
    """As when a study goes on after its time ran out, and finds better trials."""
    study_id = searched(database, max_seconds=60.0)
    with database.writing() as session:
        study = studies.get(session, study_id)
        study.started_at = now() - timedelta(seconds=61)
    advance(database, study_id)
    with database.writing() as session:
        study, rows = studies.get(session, study_id), trials.every(session, study_id)
        studies.extend(session, study, 4)
        study.finalists = [2, 3]
        repeats.add(session, study, [rows[2], rows[3]], 3)
    end_trials(database, study_id, lambda trial: 0.9 if trial.repeat_of == 2 else 0.1)
    advance(database, study_id)
    winner = winner_of(database, study_id)
    assert winner is not None
    assert (winner.trial.number, len(winner.seed_values)) == (3, 4)


def test_repeats_that_time_cut_short_are_made_up_for_when_the_study_goes_on(database: Database) -> None:
    study_id = searched(database, max_seconds=60.0)
    end_trials(database, study_id, lambda _: 0.2, limit=3)  # those of finalist 1
    with database.writing() as session:
        studies.get(session, study_id).started_at = now() - timedelta(seconds=61)
    advance(database, study_id)
    cut_short = repeats_of(database, study_id)
    with database.writing() as session:
        studies.extend(session, studies.get(session, study_id), 1)
    advance(database, study_id)
    end_trials(database, study_id, lambda _: 5.0)  # so the finalists stay
    advance(database, study_id)
    study, made_up = study_of(database, study_id), repeats_of(database, study_id)
    assert study.finalists == [0, 1]
    assert study.counts[TrialState.WAITING] == study.counts[TrialState.CANCELLED] == 3
    again = [row for own in made_up.values() for row in own if row.state is TrialState.WAITING]
    gone = [row for own in cut_short.values() for row in own if row.state is TrialState.CANCELLED]
    assert seeds(study, again) == seeds(study, gone)
    end_trials(database, study_id, lambda _: 0.9)
    advance(database, study_id)
    winner = winner_of(database, study_id)
    assert winner is not None
    assert (winner.trial.number, len(winner.seed_values)) == (1, 4)
    assert_consistent(database, study_id)


def test_finalists_that_were_trained_again_already_are_left_as_they_are(database: Database) -> None:
    """As when a search goes on: only those who come new to the finalists wait."""
    study_id = confirmed(database, lambda _: 0.5)
    before = repeats_of(database, study_id)
    with database.writing() as session:
        study, rows = studies.get(session, study_id), trials.every(session, study_id)
        repeats.add(session, study, [rows[0], rows[3]], 3)
    after = repeats_of(database, study_id)
    assert after.keys() == {0, 1, 3}
    assert [row.number for row in after[0]] == [row.number for row in before[0]]
    assert [row.number for row in after[3]] == [-7, -8, -9]


def test_the_model_is_that_of_the_winner_as_the_search_trained_it_first(settings: Settings, database: Database) -> None:
    study_id = confirmed(database, lambda trial: 0.3 if trial.repeat_of == 0 else 0.2)
    with database.writing() as session:
        study = studies.get(session, study_id)
        order, _ = job_orders.order_for(session, jobs.add_model(session, study), settings)
        assert isinstance(order, SaveModel)
        assert (order.plan, order.value) == (plan_of(study, trials.get(session, study_id, 1)), 0.1)
