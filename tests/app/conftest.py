"""A migrated database with what every installation brings along, and one running service."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app import builtin
from app.settings import Settings
from app.store.database import Database
from app.store.migrate import upgrade
from app.supervisor import Service


@pytest.fixture(scope="session")
def pristine_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made by the real migrations, once. Copy it, leave it as it is."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("pristine"))
    upgrade(settings)
    builtin.install(settings)
    return settings.data_dir


@pytest.fixture
def data_dir(pristine_data_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine_data_dir, tmp_path / "data"))


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    return Settings(data_dir=data_dir, port=0, workers=2)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = Database(settings.resolved_database_url)
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def running_service(pristine_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data_dir = Path(shutil.copytree(pristine_data_dir, tmp_path_factory.mktemp("service") / "data"))
    with Service(Settings(data_dir=data_dir, port=0, workers=2)) as service:
        yield service


@pytest.fixture(scope="session")
def service(running_service: Service) -> Iterator[httpx.Client]:
    """A client of the running service."""
    with httpx.Client(base_url=running_service.settings.base_url, timeout=30) as client:
        yield client
