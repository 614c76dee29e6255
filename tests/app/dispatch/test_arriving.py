"""What comes from outside takes effect when a round opens, and the round records it."""

from collections.abc import Callable, Mapping
from typing import Any

from app.api.views import round_answer
from app.lifecycle import EndedBy, FailureReason, StudyState, TrialState
from app.store import arrivals, jobs, rounds, studies, trials
from app.store.database import Database
from app.store.models import Arrival, Trial
from engine.search import Observation, strategy_from_json
from tests.app.dispatch.making import SPACE, STUDY, add_running_study, add_study, advance, study_of, trials_of

TWO_ROUNDS: dict[str, Any] = {
    "strategy": {"type": "coarse_to_fine", "rounds": 2, "first_round_share": 0.4},
    "trials": 10,  # 4 and 6
}
OWN = {"learning_rate": 0.05, "hidden_units": 40, "batch_size": 32}


def values(learning_rate: float) -> dict[str, Any]:
    return OWN | {"learning_rate": learning_rate}


def enqueue(database: Database, study_id: str, *several: Mapping[str, Any]) -> None:
    with database.writing() as session:
        arrivals.add(session, [Arrival(study_id=study_id, values=dict(each), has_result=False) for each in several])


def bring(database: Database, study_id: str, *results: tuple[Mapping[str, Any], float | None]) -> None:
    with database.writing() as session:
        arrivals.add(
            session,
            [Arrival(study_id=study_id, values=dict(each), has_result=True, value=value) for each, value in results],
        )


def end_round(database: Database, study_id: str, value: Callable[[Trial], float | None] = lambda _: 0.5) -> None:
    """End all trials that wait, and take the study's next step."""
    with database.writing() as session:
        study = studies.get(session, study_id)
        study.version += 1
        for trial in trials.waiting(session, study_id, 1000):
            trials.start(study, trial, 1, "")
            trial.value = trial.cost = value(trial)
            if trial.value is None:
                trials.fail(study, trial, FailureReason.DIVERGED, "NaN")
            else:
                trial.dev_loss = 0.5
                trials.move(study, trial, TrialState.COMPLETE)
    advance(database, study_id)


def arrived(database: Database, study_id: str) -> list[dict[str, Any] | None]:
    with database.reading() as session:
        return [row.arrived for row in rounds.of_study(session, study_id)]


def test_values_of_ones_own_are_tried_first_in_the_next_round_within_its_size(database: Database) -> None:
    study_id, plain_id = (add_running_study(database, **TWO_ROUNDS) for _ in range(2))
    enqueue(database, study_id, values(0.05), values(0.06))
    assert [trial.values for trial in trials_of(database, study_id)] == [
        t.values for t in trials_of(database, plain_id)
    ]
    for each in (study_id, plain_id):
        end_round(database, each)
    later, plain = (trials_of(database, each)[4:] for each in (study_id, plain_id))
    assert [trial.values for trial in later[:2]] == [values(0.05), values(0.06)]
    assert [trial.values for trial in later[2:]] == [trial.values for trial in plain[:4]]
    assert [trial.enqueued for trial in later] == [True, True, False, False, False, False]
    assert arrived(database, study_id) == [None, {"enqueued": [4, 5], "imported": []}]


def test_what_a_round_has_no_room_for_waits_for_the_next(database: Database) -> None:
    study_id = add_study(database, **TWO_ROUNDS)
    enqueue(database, study_id, *(values(0.01 * place) for place in range(1, 7)))
    advance(database, study_id)
    end_round(database, study_id)
    tried = [trial.values["learning_rate"] for trial in trials_of(database, study_id) if trial.enqueued]
    assert tried == [0.01 * place for place in range(1, 7)]
    assert arrived(database, study_id) == [
        {"enqueued": [0, 1, 2, 3], "imported": []},
        {"enqueued": [4, 5], "imported": []},
    ]


def test_an_imported_result_shapes_the_next_round_and_is_none_of_the_budget(database: Database) -> None:
    study_id = add_running_study(database, **TWO_ROUNDS)
    bring(database, study_id, (values(0.002), 0.1), (values(0.003), 0.2), (values(0.09), None))
    end_round(database, study_id, lambda trial: 0.5 + 0.01 * trial.number)
    study = study_of(database, study_id)
    imported = trials_of(database, study_id)[-3:]
    assert [trial.number for trial in imported] == [1_000_000, 1_000_001, 1_000_002]
    assert {(trial.state, trial.round) for trial in imported} == {(TrialState.IMPORTED, 1)}
    assert [(trial.value, trial.cost) for trial in imported] == [(0.1, 0.1), (0.2, 0.2), (None, None)]
    assert study.counts == dict.fromkeys(TrialState, 0) | {"complete": 4, "waiting": 6, "imported": 3}
    assert arrived(database, study_id)[1] == {"enqueued": [], "imported": [1_000_000, 1_000_001, 1_000_002]}
    with database.reading() as session:
        first, second = rounds.of_study(session, study_id)
    assert first.elites is not None
    assert first.elites[:2] == [1_000_000, 1_000_001]
    own = [Observation(t.number, t.values, t.value, t.dev_loss) for t in trials_of(database, study_id)[:4]]
    failed = Observation(-3, values(0.09), None)
    brought = [Observation(-1, values(0.002), 0.1), Observation(-2, values(0.003), 0.2), failed]
    strategy = strategy_from_json(TWO_ROUNDS["strategy"])
    proposals = strategy.propose(SPACE, STUDY["seed"], 1, (4, 6), [*own, *brought])
    assert second.box == proposals.box.to_json()
    assert (second.first_trial, second.trials) == (4, 6)
    assert [trial.values for trial in trials_of(database, study_id)[4:10]] == proposals.values


def test_a_metric_that_is_maximised_is_imported_as_a_cost(database: Database) -> None:
    objective = STUDY["objective"] | {"metric": "accuracy", "base_error": None, "high_gap": None}
    study_id = add_study(database, **TWO_ROUNDS, objective=objective)
    bring(database, study_id, (values(0.002), 0.75))
    advance(database, study_id)
    [*_, imported] = trials_of(database, study_id)
    assert (imported.value, imported.cost) == (0.75, -0.75)


def test_an_imported_trial_is_no_winner_however_good(database: Database) -> None:
    study_id = add_running_study(database, **TWO_ROUNDS)
    bring(database, study_id, (values(0.002), 0.0))
    for _ in range(2):
        end_round(database, study_id)
    with database.reading() as session:
        best = trials.best(session, study_id)
    assert best is not None
    assert (best.number, study_of(database, study_id).state) == (0, StudyState.COMPLETE)


def test_what_comes_during_the_last_round_waits_for_an_extension(database: Database) -> None:
    study_id = add_running_study(database)  # random search: a single round
    enqueue(database, study_id, OWN)
    bring(database, study_id, (values(0.002), 0.1))
    end_round(database, study_id)
    assert study_of(database, study_id).state is StudyState.COMPLETE
    assert len(trials_of(database, study_id)) == 6
    extend(database, study_id, 3)
    numbers = [trial.number for trial in trials_of(database, study_id)]
    assert numbers == [*range(9), 1_000_000]
    assert arrived(database, study_id) == [None, {"enqueued": [6], "imported": [1_000_000]}]


def extend(database: Database, study_id: str, more: int) -> None:
    with database.writing() as session:
        studies.extend(session, studies.get(session, study_id), more)
    advance(database, study_id)


def test_an_extended_study_goes_on_from_what_it_knows_to_its_new_end(database: Database) -> None:
    study_id = add_running_study(database, **TWO_ROUNDS)
    for _ in range(2):
        end_round(database, study_id, lambda trial: float(trial.values["learning_rate"]))
    before = study_of(database, study_id)
    assert (before.state, before.trials) == (StudyState.COMPLETE, 10)
    with database.writing() as session:
        jobs.add_model(session, studies.get(session, study_id))
    extend(database, study_id, 8)
    study = study_of(database, study_id)
    assert (study.state, study.ended_by, study.finished_at, study.trials) == (StudyState.RUNNING, None, None, 18)
    assert study.extensions == [{"trials": 8, "round": 2}]
    with database.reading() as session:
        assert jobs.model_of(session, study_id) is None  # the winner may change
        assert [row.trials for row in rounds.of_study(session, study_id)] == [4, 6, 6]
    end_round(database, study_id, lambda trial: float(trial.values["learning_rate"]))
    end_round(database, study_id, lambda trial: float(trial.values["learning_rate"]))
    study = study_of(database, study_id)
    assert (study.state, study.round, study.counts["complete"]) == (StudyState.COMPLETE, 3, 18)


def test_max_seconds_counts_anew_after_an_extension(database: Database) -> None:
    study_id = add_running_study(database, max_seconds=99.0)
    end_round(database, study_id)
    before = study_of(database, study_id).started_at
    extend(database, study_id, 3)
    after = study_of(database, study_id).started_at
    assert before is not None
    assert after is not None
    assert after > before


def test_a_round_that_time_cut_short_still_tells_so_when_the_study_has_gone_on(database: Database) -> None:
    study_id = add_running_study(database, **TWO_ROUNDS)
    end_round(database, study_id)
    with database.writing() as session:
        study = studies.get(session, study_id)
        studies.end(session, study, StudyState.COMPLETE, EndedBy.MAX_SECONDS)
    extend(database, study_id, 8)
    with database.reading() as session:
        study, past = studies.get(session, study_id), rounds.of_study(session, study_id)
        answers = [round_answer(row, study) for row in past]
    assert [(answer.state, answer.ended_by) for answer in answers] == [
        ("closed", "trials"),
        ("closed", "max_seconds"),
        ("open", None),
    ]
