"""What every installation brings along: the sample datasets and the ready-made search spaces."""

from sqlalchemy.orm import Session

from app.settings import Settings
from app.store import datasets, spaces
from app.store.database import Database
from engine.search import READY_MADE
from engine.training.samples import SAMPLE_NAMES


def install(settings: Settings) -> None:
    """Store what is not there yet. A ready-made space that has changed since is brought up to date."""
    database = Database(settings.resolved_database_url)
    with database.writing() as session:
        for name in set(SAMPLE_NAMES).difference(datasets.known_ids(session)):
            _install_sample(settings, session, name)
        for name, space in READY_MADE.items():
            if name in spaces.known_ids(session):
                spaces.get(session, name).document = space.to_json()
            else:
                spaces.add(session, name, space.to_json(), built_in=True)
    database.dispose()


def _install_sample(settings: Settings, session: Session, name: str) -> None:
    from app.tables.samples import store_sample  # with pandas: a second of every start, which only the first needs

    stored = store_sample(settings.datasets_dir, name)
    datasets.add(session, name, stored.content_hash, dict(stored.description), built_in=True)
