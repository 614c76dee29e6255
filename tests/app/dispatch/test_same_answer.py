"""The same study has the same answer, byte for byte: for any number of workers, and through any crash."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.settings import Settings
from app.store import packs, trials
from app.store.database import Database
from app.store.models import Dispatcher, Pack
from app.supervisor import Service

STUDY = {
    "name": "same answer",
    "seed": 7,
    "search_space": {
        "parameters": [
            {"name": "learning_rate", "type": "float", "low": 0.0001, "high": 1, "scale": "log"},
            {"name": "hidden_units", "type": "int", "low": 16, "high": 100},
            {"name": "hidden_layers", "type": "int", "low": 1, "high": 3},
            {"name": "batch_size", "type": "categorical", "choices": [32, 64, 128]},
            {"name": "optimizer", "type": "categorical", "choices": ["momentum", "adam"]},
            {"name": "momentum", "type": "float", "low": 0.9, "high": 0.999, "scale": "reverse_log"},
            {"name": "beta_2", "type": "float", "low": 0.99, "high": 0.9999, "scale": "reverse_log"},
        ]
    },
    "objective": {
        "dataset": "diabetes",
        # Raw inputs in the hundreds: large learning rates diverge on them.
        "training": {"epochs": 150, "early_stopping_patience": 25, "normalize_inputs": False},
    },
    "strategy": {"type": "coarse_to_fine", "rounds": 3},
    "trials": 30,
}
SECONDS = 120  # far beyond what a study takes: a study that hangs fails the test instead of blocking the suite


class Run:
    """One service with the study in it."""

    def __init__(self, settings: Settings) -> None:
        self.client = httpx.Client(base_url=settings.base_url, timeout=30)
        self.database = Database(settings.resolved_database_url)
        self.id = self.client.post("/v1/studies", json=STUDY).raise_for_status().json()["id"]

    def study(self) -> dict[str, Any]:
        return dict(self.client.get(f"/v1/studies/{self.id}").raise_for_status().json())

    def trials(self) -> list[dict[str, Any]]:
        return list(self.client.get(f"/v1/studies/{self.id}/trials").raise_for_status().json()["items"])

    def wait_for(self, condition: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + SECONDS
        while not (result := condition()):
            assert time.monotonic() < deadline, f"waited {SECONDS} seconds in vain; the study: {self.study()}"
            time.sleep(0.005)
        return result

    def answer(self) -> bytes:
        self.wait_for(lambda: self.study()["state"] not in ("queued", "running"))
        return self.client.get(f"/v1/studies/{self.id}/export").raise_for_status().content

    def running_packs(self) -> list[Pack]:
        """Packs whose trials are all in training, as the database has it."""
        with self.database.reading() as session:
            return [
                pack
                for pack in packs.every(session)
                if all(trial.state == "running" for trial in trials.some(session, self.id, pack.numbers))
            ]

    def dispatcher_pid(self) -> int:
        with self.database.reading() as session:
            return session.scalars(select(Dispatcher.pid)).one()

    def frozen_pack(self) -> Pack:
        """A pack in training whose worker has been stopped, so that it cannot end before the kill."""

        def freeze() -> Pack | None:
            for pack in self.running_packs():
                if _signal(pack.pid, signal.SIGSTOP):
                    if pack.id in {other.id for other in self.running_packs()}:
                        return pack
                    _signal(pack.pid, signal.SIGCONT)
            return None

        pack: Pack = self.wait_for(freeze)
        return pack


@contextmanager
def running(folder: Path, workers: int) -> Iterator[tuple[Service, Run]]:
    with Service(Settings(data_dir=folder, port=0, workers=workers)) as service:
        run = Run(service.settings)
        yield service, run
        run.database.dispose()
        run.client.close()


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The study's answer with one worker, left in peace; what the study holds is asserted here."""
    with running(tmp_path_factory.mktemp("one"), workers=1) as (_, run):
        answer = run.answer()
        assert run.study()["state"] == "complete"
        ended = run.trials()
    assert {trial["values"]["optimizer"] for trial in ended} == {"momentum", "adam"}
    assert any(trial["failure_reason"] == "diverged" for trial in ended)
    assert any(trial["best_epoch"] and trial["best_epoch"] < trial["epochs"] < 150 for trial in ended)
    for number in range(3):
        assert round(sum(1 / trial["pack"]["size"] for trial in ended if trial["round"] == number)) >= 3  # packs
    return answer


def test_two_workers_give_the_same_bytes_as_one(answer: bytes, tmp_path: Path) -> None:
    with running(tmp_path, workers=2) as (_, run):
        assert run.answer() == answer


def test_killing_every_kind_of_process_changes_no_byte(answer: bytes, tmp_path: Path) -> None:
    with running(tmp_path, workers=2) as (service, run):
        kill_a_worker(run)
        kill_the_fork_server(run)
        kill_the_dispatcher(run)
        kill_the_api(service, run)
        kill_a_worker(run)
        kill_the_dispatcher(run)
        assert run.answer() == answer
        assert all(trial["attempts"] <= 2 for trial in run.trials())


def test_killing_the_whole_service_changes_no_byte(answer: bytes, tmp_path: Path) -> None:
    with running(tmp_path, workers=2) as (service, run):
        pack = run.frozen_pack()
        for child in service.children:
            child.kill()
    _signal(pack.pid, signal.SIGCONT)
    run.wait_for(lambda: not _signal(pack.pid, 0))
    with Service(Settings(data_dir=tmp_path, port=0, workers=2)) as service:
        run.client = httpx.Client(base_url=service.settings.base_url)
        assert run.answer() == answer
        run.client.close()


def kill_a_worker(run: Run) -> None:
    pack = run.frozen_pack()
    assert _signal(pack.pid, signal.SIGKILL)
    run.wait_for(lambda: pack.id not in {other.id for other in run.running_packs()})


def kill_the_dispatcher(run: Run) -> None:
    """While packs are in training: their workers must end, and their trials must wait again."""
    pack, dispatcher = run.frozen_pack(), run.dispatcher_pid()
    assert _signal(dispatcher, signal.SIGKILL)
    run.wait_for(lambda: run.dispatcher_pid() != dispatcher)
    run.wait_for(lambda: not _signal(pack.pid, 0))


def kill_the_fork_server(run: Run) -> None:
    """While a pack is in training: its worker lives on, and the next ones come from a new fork server.

    The worker stays frozen, so that the study cannot end before the next kill.
    """
    pack = run.frozen_pack()
    server = _parent(pack.pid)
    assert _parent(server) == run.dispatcher_pid()
    assert _signal(server, signal.SIGKILL)


def kill_the_api(service: Service, run: Run) -> None:
    """While a pack is in training, and it stays frozen: requests wait for the next API process."""
    run.frozen_pack()
    api = next(child for child in service.children if child.name == "API")
    before = api.deaths
    api.kill()
    run.wait_for(lambda: api.deaths > before)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _signal(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
