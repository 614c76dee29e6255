"""What every installation brings along is there after each start, and nothing else is touched."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import builtin
from app.settings import Settings
from app.store import datasets, spaces
from app.store.database import Database
from app.store.models import Dataset, SearchSpace
from engine.search import READY_MADE
from engine.search import SearchSpace as Space
from engine.training import open_dataset
from engine.training.samples import SAMPLE_NAMES


def test_samples_and_spaces_are_there_by_their_names(settings: Settings, database: Database) -> None:
    with database.reading() as session:
        assert set(datasets.known_ids(session)) == set(SAMPLE_NAMES)
        assert set(spaces.known_ids(session)) == set(READY_MADE)
        for name in SAMPLE_NAMES:
            dataset = open_dataset(settings.datasets_dir / datasets.get(session, name).content_hash)
            assert dataset.task == datasets.get(session, name).description["task"]


def test_a_ready_made_space_is_stored_as_it_is(database: Database) -> None:
    with database.reading() as session:
        for name, space in READY_MADE.items():
            assert Space.from_json(spaces.get(session, name).document) == space


def ages(session: Session) -> dict[str, datetime]:
    rows = [*session.scalars(select(Dataset)), *session.scalars(select(SearchSpace))]
    return {row.id: row.created_at for row in rows}


def test_installing_again_changes_nothing_but_mends_a_space_that_is_old(settings: Settings, database: Database) -> None:
    with database.writing() as session:
        spaces.get(session, "mlp-basic").document = {"name": "mlp-basic", "parameters": []}
        spaces.add(session, "own", {"name": "own", "parameters": []})
        datasets.add(session, "own", "0" * 64, {})
        session.flush()
        before = ages(session)
    builtin.install(settings)
    with database.reading() as session:
        assert ages(session) == before
        assert spaces.get(session, "mlp-basic").document == READY_MADE["mlp-basic"].to_json()
