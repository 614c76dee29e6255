"""The API in this process, one for the tests of each module."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from app.main import create_app
from app.settings import Settings
from app.store.database import Database
from app.store.models import Base
from tests.app.api.serving import serving
from tests.app.waiting import wait_until


@pytest.fixture(scope="module")
def settings(pristine_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    data_dir = Path(shutil.copytree(pristine_data_dir, tmp_path_factory.mktemp("api") / "data"))
    return Settings(data_dir=data_dir, max_upload_mebibytes=1)


@pytest.fixture(scope="module")
def database(settings: Settings) -> Iterator[Database]:
    database = Database(settings.resolved_database_url)
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def api(settings: Settings) -> Iterator[httpx.Client]:
    with serving(create_app(settings)) as client:
        yield client


@pytest.fixture(scope="module")
def stored(database: Database, settings: Settings) -> Callable[[], dict[str, object]]:
    """All that a request could leave behind: how many rows each table has, and which files there are."""

    def look() -> dict[str, object]:
        with database.reading() as session:
            rows = {
                table.name: session.scalar(select(func.count()).select_from(table))
                for table in Base.metadata.sorted_tables
            }
        files = sorted(path for path in settings.data_dir.rglob("*") if not path.name.startswith("parfocal.db"))
        return {**rows, "files": files}

    return look


@pytest.fixture(scope="session")
def finished(service: httpx.Client) -> dict[str, Any]:
    """A complete study of the running service, with trials that diverged."""
    study = {
        "name": "finished",
        "seed": 1,
        "search_space": {
            "parameters": [
                {"name": "learning_rate", "type": "float", "low": 0.0001, "high": 10, "scale": "log"},
                {"name": "optimizer", "type": "categorical", "choices": ["sgd", "adam"]},
            ]
        },
        # Raw inputs in the hundreds: large learning rates diverge on them.
        "objective": {"dataset": "diabetes", "training": {"epochs": 5, "normalize_inputs": False}},
        "strategy": {"type": "coarse_to_fine", "rounds": 2, "first_round_share": 0.4},
        "trials": 16,
    }
    address = service.post("/v1/studies", json=study).raise_for_status().headers["location"]

    def ended() -> dict[str, Any] | None:
        answer: dict[str, Any] = service.get(address).raise_for_status().json()
        return answer if answer["state"] not in ("queued", "running") else None

    return wait_until(ended)
