"""Alive, and ready or what is wrong."""

import shutil
from datetime import timedelta
from pathlib import Path

import httpx

from app.api import health
from app.main import create_app
from app.settings import Settings
from app.store import dispatchers
from app.store.database import Database
from app.store.models import Dispatcher
from app.store.times import now
from tests.app.api.problems import problem_of
from tests.app.api.serving import serving


def test_a_running_service_is_alive_and_ready(service: httpx.Client) -> None:
    assert service.get("/healthz").raise_for_status().json() == {"status": "ok"}
    assert service.get("/readyz").raise_for_status().json() == {"status": "ready"}


def test_without_a_dispatcher_the_api_is_alive_and_not_ready(pristine_data_dir: Path, tmp_path: Path) -> None:
    settings = Settings(data_dir=Path(shutil.copytree(pristine_data_dir, tmp_path / "data")))
    database = Database(settings.resolved_database_url)
    with serving(create_app(settings)) as api:
        assert api.get("/healthz").is_success
        assert "no dispatcher has started yet" in problem_of(api.get("/readyz"), 503)["detail"]
        with database.writing() as session:
            dispatchers.take_over(session, pid=1)
        assert api.get("/readyz").is_success
        with database.writing() as session:
            row = session.get_one(Dispatcher, dispatchers.THE_ROW)
            row.beat_at = now() - timedelta(seconds=health.LATE_SECONDS + 90)
        assert "silent for 100 seconds" in problem_of(api.get("/readyz"), 503)["detail"]
        assert api.get("/healthz").is_success
    database.dispose()


def test_a_database_that_is_not_migrated_is_told(tmp_path: Path) -> None:
    with serving(create_app(Settings(data_dir=tmp_path))) as api:
        assert "not migrated" in problem_of(api.get("/readyz"), 503)["detail"]


def test_a_database_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with serving(create_app(Settings(data_dir=tmp_path / "nowhere"))) as api:
        assert "does not answer: OperationalError" in problem_of(api.get("/readyz"), 503)["detail"]
