"""A job survives the death of whatever works on it, with real processes; a model is the same bytes in the end."""

import os
import shutil
import signal
from collections.abc import Iterator
from http import HTTPStatus
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
REQUEST = {"dataset": "digits", "training": {"hidden_units": 128, "hidden_layers": 4}, "epochs": 5}

# Long enough in training too, with an optimum that is not at the end.
STUDY = {
    "seed": 2,
    "objective": {
        "dataset": "diabetes",
        "training": {"epochs": 500, "early_stopping_patience": 450, "keep_prob": 0.8},
    },
    "search_space": {"parameters": [{"name": "l2", "type": "float", "low": 0.1, "high": 10, "scale": "log"}]},
    "trials": 3,
    "strategy": {"type": "random"},
}


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


def test_a_model_is_the_same_bytes_for_any_number_of_workers_and_through_any_crash(
    pristine_data_dir: Path, tmp_path: Path
) -> None:
    models = []
    for workers in (1, 2):
        settings = Settings(data_dir=Path(shutil.copytree(pristine_data_dir, tmp_path / str(workers))), port=0)
        with Service(settings.model_copy(update={"workers": workers})) as service:
            model = f"{complete_study(service)}/model"
            assert httpx.get(model).status_code == HTTPStatus.SERVICE_UNAVAILABLE
            if workers == 2:
                disturb(service)
            models.append(wait_until(lambda model=model: made(model)))  # type: ignore[misc]
    assert models[0] == models[1]


def complete_study(service: Service) -> str:
    """The address of a study that has come to its end."""
    studies = f"{service.settings.base_url}/v1/studies"
    study = f"{studies}/{httpx.post(studies, json=STUDY).raise_for_status().json()['id']}"
    wait_until(lambda: httpx.get(study).raise_for_status().json()["state"] == "complete")
    return study


def disturb(service: Service) -> None:
    """Kill the worker that makes the model, and the dispatcher of the next one."""
    database = Database(service.settings.resolved_database_url)
    os.kill(pid_of(frozen_job(database)), signal.SIGKILL)
    wait_until(lambda: attempts_of_running(database) == 1)
    job = frozen_job(database)
    kill_the_dispatcher(service, job, database)
    wait_until(lambda: not is_alive(pid_of(job)))
    database.dispose()


def attempts_of_running(database: Database) -> int | None:
    with database.reading() as session:
        return next((job.attempts for job in jobs.running(session)), None)


def made(model: str) -> bytes | None:
    answer = httpx.get(model, timeout=30)
    return None if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE else answer.raise_for_status().content


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
