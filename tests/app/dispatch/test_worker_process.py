"""What a real worker of a running service has loaded, by the libraries that the system has mapped for it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.store import packs
from app.store.database import Database
from app.supervisor import Service
from tests.app.processes import needs_proc
from tests.app.waiting import wait_until

pytestmark = needs_proc

ENDLESS = {"objective": {"dataset": "digits", "training": {"epochs": 100_000}}, "strategy": {"type": "random"}}

# Each brings compiled parts, which cannot hide: pydantic's core stands for FastAPI and for our settings too.
FORBIDDEN = ("pydantic_core", "sqlalchemy", "_sqlite3", "pandas", "httptools", "uvloop")


@pytest.fixture
def worker(running_service: Service, service: httpx.Client) -> Iterator[int]:
    """A process that is training."""
    study_id = service.post("/v1/studies", json=ENDLESS).raise_for_status().json()["id"]
    database = Database(running_service.settings.resolved_database_url)

    def training() -> int | None:
        with database.reading() as session:
            return next((pack.pid for pack in packs.every(session) if pack.study_id == study_id), None)

    yield wait_until(training)
    service.post(f"/v1/studies/{study_id}/cancel").raise_for_status()
    service.delete(f"/v1/studies/{study_id}").raise_for_status()
    database.dispose()


def libraries(pid: int) -> list[str]:
    """Paths of the compiled libraries that a process has loaded."""
    return [line.split()[-1] for line in Path(f"/proc/{pid}/maps").read_text().splitlines() if ".so" in line]


def found(pid: int, *names: str) -> set[str]:
    return {name for name in names for path in libraries(pid) if name in path}


def test_a_worker_has_numpy_loaded_and_neither_web_nor_sql_nor_settings(worker: int, running_service: Service) -> None:
    assert found(worker, "_multiarray_umath", *FORBIDDEN) == {"_multiarray_umath"}
    [dispatcher] = (child.process for child in running_service.children if child.name == "dispatcher")
    assert dispatcher is not None
    assert found(dispatcher.pid, *FORBIDDEN) >= {"pydantic_core", "_sqlite3"}, "what is loaded there can be seen"


def test_a_worker_gives_way_to_the_api(worker: int, running_service: Service) -> None:
    [api] = (child.process for child in running_service.children if child.name == "API")
    assert api is not None

    def niceness(pid: int) -> int:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[16])

    wait_until(lambda: niceness(worker) > niceness(api.pid))


def test_a_worker_has_a_process_group_of_its_own(worker: int) -> None:
    def group(pid: int) -> int:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[2])

    wait_until(lambda: group(worker) == worker)
