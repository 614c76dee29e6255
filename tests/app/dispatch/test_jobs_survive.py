"""A job survives the death of whatever works on it, with real processes."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.settings import Settings
from app.store import jobs
from app.store.database import Database
from app.store.models import Dispatcher, Job
from app.supervisor import Service
from tests.app.processes import is_alive
from tests.app.waiting import wait_until

# Long enough to be stopped in the middle: a check that ends before fails the test.
REQUEST = {"dataset": "digits", "training": {"hidden_units": 200, "hidden_layers": 4}, "epochs": 5}


@pytest.fixture
def own_service(data_dir: Path) -> Iterator[Service]:
    with Service(Settings(data_dir=data_dir, port=0, workers=1)) as service:
        yield service


def frozen_job(database: Database) -> Job:
    """The job that runs, whose worker has been stopped, so that it cannot end before the kill."""

    def freeze() -> Job | None:
        with database.reading() as session:
            found = next(iter(jobs.running(session)), None)
        if found is None or found.pid is None:
            return None
        os.kill(found.pid, signal.SIGSTOP)
        return found

    return wait_until(freeze)


def test_a_check_goes_on_when_its_worker_its_fork_server_its_dispatcher_or_all_of_them_die(
    own_service: Service, database: Database
) -> None:
    checks = f"{own_service.settings.base_url}/v1/gradient-checks"
    address = checks + "/" + httpx.post(checks, json=REQUEST).raise_for_status().json()["id"]
    os.kill(pid_of(frozen_job(database)), signal.SIGKILL)
    wait_until(lambda: attempts(database, address) == 1)
    for kill in (kill_the_dispatcher, kill_the_fork_server, kill_everything):
        job = frozen_job(database)
        kill(own_service, job, database)
        wait_until(lambda job=job: not is_alive(pid_of(job)))  # type: ignore[misc]
    check = wait_until(lambda: complete(address))
    assert check["verdict"] == "right"
    # That the dispatcher, the fork server and the API died counts nothing: one worker was lost, and one told.
    assert attempts(database, address) == 2


def kill_the_dispatcher(_: Service, __: Job, database: Database) -> None:
    with database.reading() as session:
        os.kill(session.scalars(select(Dispatcher.pid)).one(), signal.SIGKILL)


def kill_the_fork_server(service: Service, job: Job, database: Database) -> None:
    """Its worker lives on, until the dispatcher dies too."""
    server = int(Path(f"/proc/{pid_of(job)}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(server, signal.SIGKILL)
    kill_the_dispatcher(service, job, database)


def kill_everything(service: Service, _: Job, __: Database) -> None:
    for child in service.children:
        child.kill()


def pid_of(job: Job) -> int:
    assert job.pid is not None
    return job.pid


def attempts(database: Database, address: str) -> int:
    with database.reading() as session:
        job = session.get(Job, address.rpartition("/")[2])
        assert job is not None
        return job.attempts


def complete(address: str) -> dict[str, Any] | None:
    check: dict[str, Any] = httpx.get(address, timeout=30).raise_for_status().json()
    assert check["state"] != "failed", check
    return check if check["state"] == "complete" else None
