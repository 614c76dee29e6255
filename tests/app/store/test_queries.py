"""Queries, by the question they answer."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from app.errors import Conflict, NotFound
from app.lifecycle import EndedBy, StudyState, TrialState
from app.store import curves, datasets, packs, rounds, spaces, studies, trials
from app.store.database import Database
from app.store.models import Curve, Round, Study, Trial
from tests.app.store.rows import new_study, running_study

Result = tuple[float | None, float | None]  # cost and dev loss; None: it failed


def study_with(session: Session, results: Sequence[Result]) -> Study:
    study, rows = running_study(session, len(results))
    for trial, (cost, loss) in zip(rows, results, strict=True):
        trials.start(study, trial, 1, "key")
        trial.cost, trial.dev_loss = cost, loss
        trials.move(study, trial, TrialState.FAILED if cost is None else TrialState.COMPLETE)
    session.flush()
    return study


BEST: dict[str, tuple[list[Result], list[int]]] = {  # results, and the numbers in their order
    "the lowest cost wins": ([(0.3, 0.1), (0.1, 0.9), (0.2, 0.1)], [1, 2, 0]),
    "equal costs: the lower loss": ([(0.1, 0.3), (0.1, 0.1), (0.1, 0.2)], [1, 2, 0]),
    "equal in both: the lower number": ([(0.1, 0.3), (0.1, 0.3)], [0, 1]),
    "a maximised metric has negative costs": ([(-0.9, 0.3), (-0.95, 0.3), (0.0, 0.0)], [1, 0, 2]),
    "a failed one is last, whatever its loss": ([(None, 0.0), (9e99, 9e99), (None, None)], [1, 0, 2]),
    "none completed": ([(None, None), (None, None)], [0, 1]),
}


@pytest.mark.parametrize("name", BEST)
def test_the_best_trial_and_the_order_of_the_pages_agree(name: str, database: Database) -> None:
    results, order = BEST[name]
    with database.writing() as session:
        study = study_with(session, results)
        best = trials.best(session, study.id)
        ranked = trials.page(
            session, study.id, state=None, round_number=None, by_value=True, after=None, limit=len(results)
        )
    completed = [number for number in order if results[number][0] is not None]
    assert (None if best is None else best.number) == (completed[0] if completed else None)
    assert [trial.number for trial in ranked] == order


def test_a_cancelled_trial_is_none_to_learn_from(database: Database) -> None:
    with database.writing() as session:
        study, _ = running_study(session, 1)
        studies.end(session, study, StudyState.COMPLETE, EndedBy.MAX_SECONDS)
        session.flush()
        assert [trial.state for trial in trials.every(session, study.id)] == [TrialState.CANCELLED]
        assert trials.ended(session, study.id) == []


def test_a_running_trial_is_never_the_best(database: Database) -> None:
    with database.writing() as session:
        study, [first, second] = running_study(session, 2)
        for trial, cost in ((first, 0.1), (second, 0.5)):
            trials.start(study, trial, 2, "key")
            trial.cost, trial.dev_loss = cost, 0.0
        trials.move(study, second, TrialState.COMPLETE)
        session.flush()
        best = trials.best(session, study.id)
    assert best is not None
    assert best.number == 1


@pytest.mark.parametrize("by_value", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_trial_pages_join_to_the_whole(by_value: bool, limit: int, database: Database) -> None:
    with database.writing() as session:
        study = study_with(session, [(0.5, 0.5), (None, None), (0.1, 0.2), (0.5, 0.5), (None, None), (0.5, 0.1)])
        numbers: list[int] = []
        after = None
        while found := trials.page(
            session, study.id, state=None, round_number=None, by_value=by_value, after=after, limit=limit
        ):
            numbers += [trial.number for trial in found]
            after = trials.position(found[-1], by_value=by_value)
    assert numbers == ([2, 5, 0, 3, 1, 4] if by_value else [0, 1, 2, 3, 4, 5])


def test_studies_come_newest_first_and_page_by_page(database: Database) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with database.writing() as session:
        for age in (3, 1, 2, 1, 1):
            new_study(session).created_at = start - timedelta(microseconds=age)
        session.flush()
        whole = studies.page(session, None, 10)
        assert [start - study.created_at for study in whole] == [timedelta(microseconds=age) for age in (1, 1, 1, 2, 3)]
        for number, study in enumerate(whole):
            assert studies.page(session, studies.position(study), 10) == whole[number + 1 :]


def test_the_oldest_unfinished_study_is_first_in_the_queue(database: Database) -> None:
    with database.writing() as session:
        old, middle, new = (new_study(session, name=name) for name in ("old", "middle", "new"))
        session.flush()
        studies.end(session, middle, StudyState.CANCELLED, EndedBy.CANCELLED)
        studies.start(new, {"numpy": "2"})
        session.flush()
        assert studies.unfinished(session) == [old, new]


@pytest.mark.parametrize("end", [StudyState.COMPLETE, StudyState.FAILED, StudyState.CANCELLED])
def test_a_study_that_has_ended_cannot_end_again(end: StudyState, database: Database) -> None:
    with database.writing() as session:
        study, _ = running_study(session, 1)
        studies.end(session, study, end, EndedBy.BUDGET)
        version = study.version
        with pytest.raises(Conflict, match=f"is {end} and cannot become cancelled"):
            studies.end(session, study, StudyState.CANCELLED, EndedBy.CANCELLED)
        assert study.version == version


def test_a_deleted_study_takes_all_of_its_rows_along(database: Database) -> None:
    with database.writing() as session:
        study = study_with(session, [(0.1, 0.1), (0.2, 0.2)])
        other = study_with(session, [(0.3, 0.3)])
        for row in (study, other):
            for trial in trials.every(session, row.id):
                curves.keep(session, trial, {"epoch": [1], "train": [0.5], "dev": [0.5]})
        session.flush()
        with pytest.raises(Conflict, match="cancel it before"):
            studies.delete(session, study.id)
        studies.end(session, study, StudyState.COMPLETE, EndedBy.BUDGET)
        session.flush()
        studies.delete(session, study.id)
    with database.reading() as session:
        assert [session.query(table).count() for table in (Study, Round, Trial, Curve)] == [1, 1, 1, 1]
        assert curves.of_study(session, other.id).keys() == {0}
        with pytest.raises(NotFound):
            studies.get(session, study.id)


def test_rounds_number_their_trials_on(database: Database) -> None:
    with database.writing() as session:
        study, _ = running_study(session, 3)
        [first] = rounds.of_study(session, study.id)
        rounds.close(study, first, [2, 0], [])
        second = rounds.open_next(session, study, {"x": {}}, [{"x": 1}, {"x": 2}])
        session.flush()
        assert (second.number, second.first_trial, second.trials, study.round) == (1, 3, 2, 1)
        assert [(t.number, t.round) for t in trials.every(session, study.id)] == [
            (0, 0),
            (1, 0),
            (2, 0),
            (3, 1),
            (4, 1),
        ]
        assert rounds.of_study(session, study.id) == [first, second]


def test_a_pack_is_known_until_it_is_removed(database: Database) -> None:
    with database.writing() as session:
        pack = packs.add(session, "study", [3, 5], pid=42, process_started="then")
        other = packs.add(session, "study", [7], pid=43, process_started="then")
        assert [(row.numbers, row.pid) for row in packs.every(session)] == [([3, 5], 42), ([7], 43)]
        packs.remove(session, pack.id)
        assert packs.every(session) == [other]


@pytest.mark.parametrize("number", [-1, 1, 2**63 - 1, 2**63, 10**400])
def test_a_trial_that_is_not_there_is_not_found(number: int, database: Database) -> None:
    with database.writing() as session:
        study, _ = running_study(session, 1)
        with pytest.raises(NotFound, match="has no trial"):
            trials.get(session, study.id, number)


def test_what_is_in_use_or_built_in_cannot_be_deleted(database: Database) -> None:
    with database.writing() as session:
        space = spaces.add(session, "own", {"parameters": []})
        dataset = datasets.add(session, "own", "0" * 64, {})
        session.flush()
        for number in range(5):
            new_study(session, name=f"user {number}", dataset_id=dataset.id, search_space_id=space.id)
        session.flush()
        with pytest.raises(Conflict, match="in use by study 'user"):
            spaces.delete(session, space.id)
        with pytest.raises(Conflict, match="in use by study 'user"):
            datasets.delete(session, dataset.id)
        with pytest.raises(Conflict, match="built in"):
            datasets.delete(session, "digits")
        with pytest.raises(Conflict, match="ready-made"):
            spaces.delete(session, "mlp-basic")


def test_a_content_is_stored_as_long_as_one_dataset_names_it(database: Database) -> None:
    with database.writing() as session:
        first, second = (datasets.add(session, "own", "0" * 64, {}) for _ in range(2))
        session.flush()
        assert first.id != second.id
        for dataset, left in ((first, True), (second, False)):
            datasets.delete(session, dataset.id)
            session.flush()
            assert datasets.is_stored(session, "0" * 64) is left
