"""Real workers with a dataset for them, and a dispatcher with simulated ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.dispatch.workers import Workers
from app.settings import Settings
from app.store.database import Database
from app.tables.samples import store_sample
from tests.app.dispatch.simulated import Simulation, simulated_dispatcher


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store_sample(tmp_path_factory.mktemp("datasets"), "breast-cancer").path


@pytest.fixture(scope="module")
def all_workers() -> Workers:
    return Workers(limit=3)


@pytest.fixture
def workers(all_workers: Workers) -> Iterator[Workers]:
    yield all_workers
    all_workers.kill_all()


@pytest.fixture
def simulation(settings: Settings, database: Database) -> Simulation:
    """A dispatcher with two simulated workers."""
    return simulated_dispatcher(settings, database)
