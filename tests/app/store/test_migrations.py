"""The migrations make the tables that the models describe, however often and from how many processes they run."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

import migrations
from app.lifecycle import TrialState
from app.schedule import round_sizes
from app.settings import Settings
from app.store import curves, trials
from app.store.database import Database
from app.store.migrate import is_current, upgrade
from app.store.models import Base, Study
from engine.search import CoarseToFine, SuccessiveHalving
from tests.app.store.rows import new_study, running_study

OF_ANOTHER_METRIC: dict[str, Any] = {"metric": "f1", "base_error": None, "high_gap": None, "seeds": 1, "training": {}}


@pytest.fixture
def empty(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "new" / "data")


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def migrate(database: Database, down_to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with database.writing() as session:
        config.attributes["connection"] = session.connection()
        command.downgrade(config, down_to)


def test_migrations_equal_models(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
    assert tables(database) == Base.metadata.tables.keys() | {"alembic_version"}


def test_a_difference_between_migrations_and_models_would_be_found(database: Database) -> None:
    with database.writing() as session:
        session.connection().exec_driver_sql("ALTER TABLE studies RENAME COLUMN seed TO sead")
    with database.engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert {change[0] for change in difference} == {"add_column", "remove_column"}


def test_upgrading_makes_the_folder_and_may_be_repeated(empty: Settings) -> None:
    upgrade(empty)
    database = Database(empty.resolved_database_url)
    assert is_current(database)
    made = tables(database)
    upgrade(empty)
    assert tables(database) == made >= Base.metadata.tables.keys()
    database.dispose()


def test_a_database_without_tables_is_not_current(empty: Settings) -> None:
    empty.data_dir.mkdir(parents=True)
    database = Database(empty.resolved_database_url)
    assert not is_current(database)
    database.dispose()


def test_the_way_down_leads_back_to_nothing_and_up_again(settings: Settings, database: Database) -> None:
    migrate(database, "base")
    assert tables(database) == {"alembic_version"}
    assert not is_current(database)
    upgrade(settings)
    assert is_current(database)


def test_a_study_from_before_the_diagnosis_gets_its_defaults_and_keeps_its_rows(
    settings: Settings, database: Database
) -> None:
    with database.writing() as session:
        study, _ = running_study(session, trials_waiting=2)
        other = new_study(session, objective=OF_ANOTHER_METRIC)
        before = study.objective, other.objective
        ids = study.id, other.id
    migrate(database, "0002")
    upgrade(settings)
    with database.reading() as session:
        study, other = (session.get_one(Study, study_id) for study_id in ids)
        assert (study.objective, other.objective) == before
        assert (study.packs_sent, study.trials_sent) == (0, 0)
        assert [trial.signs for trial in trials.every(session, study.id)] == [None, None]


def test_a_study_from_before_seeds_has_one_and_its_trials_keep_their_values(
    settings: Settings, database: Database
) -> None:
    with database.writing() as session:
        study, [first, second] = running_study(session, trials_waiting=2)
        first.value, first.seed_values = 0.1 + 0.2, [0.1 + 0.2]
        second.value, second.seed_values = None, None
        study_id, before = study.id, study.objective
    migrate(database, "0003")
    upgrade(settings)
    with database.reading() as session:
        study = session.get_one(Study, study_id)
        assert (study.objective, study.confirm, study.finalists, study.test_looks) == (before, None, None, 0)
        assert [trial.seed_values for trial in trials.every(session, study_id)] == [[0.1 + 0.2], None]


def test_a_study_from_before_pruning_goes_on_without_it(settings: Settings, database: Database) -> None:
    with database.writing() as session:
        study, [first, _] = running_study(session, trials_waiting=2)
        study.pruning = {"type": "stop_curve"}
        trials.start(study, first, 1, "")
        trials.move(study, first, TrialState.PRUNED)
        study_id = study.id
    migrate(database, "0003")
    with database.reading() as session:
        counts = json.loads(session.connection().exec_driver_sql("SELECT counts FROM studies").scalar_one())
        assert "pruned" not in counts
        assert (counts["complete"], counts["waiting"]) == (1, 1)
    upgrade(settings)
    with database.reading() as session:
        study = session.get_one(Study, study_id)
        assert (study.pruning, study.epochs_saved, study.counts["pruned"]) == (None, 0, 0)
        assert [trial.state for trial in trials.every(session, study_id)] == [TrialState.COMPLETE, TrialState.WAITING]


@pytest.mark.parametrize(
    ("chosen", "trials_asked", "confirm", "before"),
    [
        (CoarseToFine(rounds=4), 200, None, {"rounds": 4, "round_size": 8}),
        (CoarseToFine(round_size=5), 200, None, {"rounds": None, "round_size": 5}),
        (CoarseToFine(), 50, None, {"rounds": None, "round_size": 8}),
        (CoarseToFine(), 200, {"finalists": 5, "repeats": 3}, {"rounds": None, "round_size": 15}),
        (CoarseToFine(), 1000, None, {"rounds": None, "round_size": 32}),
    ],
)
def test_a_search_has_the_rounds_that_it_had_before_they_grew_with_the_budget(
    settings: Settings,
    database: Database,
    chosen: CoarseToFine,
    trials_asked: int,
    confirm: dict[str, int] | None,
    before: dict[str, int | None],
) -> None:
    with database.writing() as session:
        study = new_study(session, strategy=chosen.to_json(), trials=trials_asked, confirm=confirm)
        study_id, sizes = study.id, round_sizes(study, ())
        other_id, other = new_study(session, strategy={"type": "grid", "points": 5}).id, {"type": "grid", "points": 5}
    migrate(database, "0006")
    with database.reading() as session:
        query = text("SELECT strategy FROM studies WHERE id = :id")
        written = json.loads(session.connection().execute(query, {"id": study_id}).scalar_one())
        assert written == chosen.to_json() | before
    upgrade(settings)
    with database.reading() as session:
        assert round_sizes(session.get_one(Study, study_id), ()) == sizes
        assert session.get_one(Study, other_id).strategy == other


def test_on_the_way_down_successive_halving_ends_and_who_is_on_a_further_rung_begins_anew(
    settings: Settings, database: Database
) -> None:
    with database.writing() as session:
        study, [first, second] = running_study(session, trials_waiting=2)
        study.pruning = SuccessiveHalving().to_json()
        for trial in (first, second):
            trials.start(study, trial, 1, "")
            trial.value, trial.cost, trial.seed_values, trial.signs = 0.5, 0.5, [0.5], []
            trials.move(study, trial, TrialState.PRUNED)
            curves.keep(session, trial, {"epoch": [1], "train": [0.5], "dev": [0.5]})
        trials.promote(study, second)
        study_id = study.id
    migrate(database, "0006")
    upgrade(settings)
    with database.reading() as session:
        assert session.get_one(Study, study_id).pruning is None
        first, second = trials.every(session, study_id)
        assert (first.state, first.value) == (TrialState.PRUNED, 0.5)
        assert (second.state, second.value, second.cost, second.seed_values, second.signs) == (
            TrialState.WAITING,
            *[None] * 4,
        )
        assert curves.of_study(session, study_id).keys() == {0}


def test_two_processes_may_upgrade_at_once(empty: Settings) -> None:
    program = (
        "import sys; from app.settings import Settings; from app.store.migrate import upgrade; "
        "print('ready', flush=True); sys.stdin.readline(); upgrade(Settings(data_dir=sys.argv[1]))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(empty.data_dir)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    outputs = [process.communicate("go\n") for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    database = Database(empty.resolved_database_url)
    assert is_current(database)
    database.dispose()


def test_tables_refuse_what_refers_to_nothing(database: Database) -> None:
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), database.writing() as session:
        new_study(session, dataset_id="nothing")
