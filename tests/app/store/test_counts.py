"""Whatever happens to a study's trials: its counts are those of the rows, and versions only grow."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.lifecycle import TRIAL_LIFE, EndedBy, FailureReason, StudyState, TrialState
from app.settings import Settings
from app.store import studies, trials
from app.store.database import Database
from app.store.models import Study, Trial
from tests.app.store.rows import running_study

TRIALS = 5

Move = Callable[[Study, Trial], None]

MOVES: dict[str, tuple[TrialState, Move]] = {  # from which state, and what is done
    "start": (TrialState.WAITING, lambda study, trial: trials.start(study, trial, 1, "key")),
    "give back": (TrialState.RUNNING, trials.give_back),
    "complete": (TrialState.RUNNING, lambda study, trial: trials.move(study, trial, TrialState.COMPLETE)),
    "fail": (TrialState.RUNNING, lambda study, trial: trials.fail(study, trial, FailureReason.DIVERGED, "NaN")),
    "cancel": (TrialState.WAITING, lambda study, trial: trials.move(study, trial, TrialState.CANCELLED)),
}


@pytest.fixture(scope="module")
def shared(pristine_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database for all examples, each of which has a study of its own."""
    folder = Path(shutil.copytree(pristine_data_dir, tmp_path_factory.mktemp("counts") / "data"))
    database = Database(Settings(data_dir=folder).resolved_database_url)
    yield database
    database.dispose()


def rows_by_state(session: Session, study: Study) -> dict[TrialState, int]:
    counted = session.execute(select(Trial.state, func.count()).where(Trial.study_id == study.id).group_by(Trial.state))
    return dict.fromkeys(TrialState, 0) | dict(iter(counted))


def check(session: Session, study_id: str, last_version: int) -> int:
    """Look at what was committed; returns the study's version."""
    study = studies.get(session, study_id)
    assert study.counts == rows_by_state(session, study)
    assert study.version > last_version
    assert all(trial.version <= study.version for trial in trials.every(session, study_id))
    return study.version


@given(moves=st.lists(st.tuples(st.integers(0, TRIALS - 1), st.sampled_from(sorted(MOVES))), max_size=15), cancels=...)
@settings(max_examples=60, derandomize=True, database=None, deadline=None)
def test_counts_are_those_of_the_rows_after_any_legal_moves(
    moves: list[tuple[int, str]], cancels: bool, shared: Database
) -> None:
    with shared.writing() as session:
        study, _ = running_study(session, TRIALS)
    with shared.reading() as session:
        version = check(session, study.id, last_version=0)
    for number, name in moves:
        needed, move = MOVES[name]
        with shared.writing() as session:
            study, trial = studies.get(session, study.id), trials.get(session, study.id, number)
            if trial.state is not needed:
                continue
            study.version += 1
            move(study, trial)
            assert trial.version == study.version
        with shared.reading() as session:
            version = check(session, study.id, version)
    with shared.writing() as session:
        state, by = (StudyState.CANCELLED, EndedBy.CANCELLED) if cancels else (StudyState.COMPLETE, EndedBy.BUDGET)
        studies.end(session, studies.get(session, study.id), state, by)
    with shared.reading() as session:
        check(session, study.id, version)
        assert {trial.state for trial in trials.every(session, study.id)} <= TRIAL_LIFE.ends


@pytest.mark.parametrize("name", MOVES)
def test_an_illegal_move_is_a_fault_and_changes_nothing(name: str, database: Database) -> None:
    needed, move = MOVES[name]
    with database.writing() as session:
        study, [trial, *_] = running_study(session, TRIALS)
        study.version += 1
        trials.start(study, trial, 1, "key")
        trials.move(study, trial, TrialState.COMPLETE)
    with pytest.raises(RuntimeError, match="is complete and cannot become"), database.writing() as session:
        move(studies.get(session, study.id), trials.get(session, study.id, 0))
    with database.reading() as session:
        assert trials.get(session, study.id, 0).state is TrialState.COMPLETE is not needed


def test_what_is_given_back_waits_as_if_it_had_never_run(database: Database) -> None:
    with database.writing() as session:
        study, [trial, *_] = running_study(session, TRIALS)
        trials.start(study, trial, 4, "key")
        assert (trial.pack_size, trial.pack_key, trial.epochs) == (4, "key", 0)
        trials.give_back(study, trial)
        assert (trial.state, trial.started_at, trial.epochs) == (TrialState.WAITING, None, None)
        assert (trial.pack_size, trial.pack_key) == (None, None)
        assert [waiting.number for waiting in trials.waiting(session, study.id, 100)] == list(range(TRIALS))


def test_a_cancelled_study_keeps_its_ended_trials(database: Database) -> None:
    with database.writing() as session:
        study, [done, begun, *_] = running_study(session, TRIALS)
        for trial in (done, begun):
            trials.start(study, trial, 1, "key")
        trials.move(study, done, TrialState.COMPLETE)
        studies.end(session, study, StudyState.CANCELLED, EndedBy.CANCELLED)
        ended = {TrialState.COMPLETE: 1, TrialState.CANCELLED: TRIALS - 1}
        assert study.counts == dict.fromkeys(TrialState, 0) | ended
        assert study.finished_at is not None
