"""The same study has the same answer, byte for byte: for any number of workers, and through any crash."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
from tests.app.processes import is_alive
from tests.app.waiting import wait_until

EPOCHS = 300

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
        "seeds": 2,
        # Raw inputs in the hundreds: large learning rates diverge on them.
        # Long enough for the kills: a study that ends before the last of them fails the test.
        "training": {"epochs": EPOCHS, "early_stopping_patience": 80, "normalize_inputs": False},
    },
    "strategy": {"type": "coarse_to_fine", "rounds": 3, "first_round_share": 0.4},
    "trials": 34,
    "confirm": {"finalists": 2, "repeats": 2},
}


class Run:
    """One service with the study in it."""

    def __init__(self, client: httpx.Client, database: Database) -> None:
        self.client = client
        self.database = database
        self.id = self.client.post("/v1/studies", json=STUDY).raise_for_status().json()["id"]

    def study(self) -> dict[str, Any]:
        return dict(self.client.get(f"/v1/studies/{self.id}").raise_for_status().json())

    def trials(self) -> list[dict[str, Any]]:
        return list(self.client.get(f"/v1/studies/{self.id}/trials").raise_for_status().json()["items"])

    def answer(self) -> bytes:
        wait_until(lambda: self.study()["state"] not in ("queued", "running"))
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
            assert self.study()["finished_at"] is None, "the study ended before it could be disturbed"
            for pack in self.running_packs():
                if _signal(pack.pid, signal.SIGSTOP):
                    if pack.id in {other.id for other in self.running_packs()}:
                        return pack
                    _signal(pack.pid, signal.SIGCONT)
            return None

        return wait_until(freeze)


@contextmanager
def running(folder: Path, workers: int) -> Iterator[tuple[Service, Run]]:
    with Service(Settings(data_dir=folder, port=0, workers=workers)) as service, _client(service) as client:
        database = Database(service.settings.resolved_database_url)
        yield service, Run(client, database)
        database.dispose()


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The study's answer with one worker, left in peace; what the study holds is asserted here."""
    with running(tmp_path_factory.mktemp("one"), workers=1) as (_, run):
        answer = run.answer()
        assert run.study()["state"] == "complete"
        ended = run.trials()
    assert {trial["values"]["optimizer"] for trial in ended} == {"momentum", "adam"}
    assert any(trial["failure_reason"] == "diverged" for trial in ended)
    assert any(trial["state"] == "pruned" for trial in ended)
    assert any(trial["best_epoch"] and trial["best_epoch"] < trial["epochs"] < EPOCHS for trial in ended)
    for number in range(3):
        assert round(sum(1 / trial["pack"]["size"] for trial in ended if trial["round"] == number)) >= 3  # packs
    return answer


def test_two_workers_give_the_same_bytes_as_one(answer: bytes, tmp_path: Path) -> None:
    with running(tmp_path, workers=2) as (_, run):
        assert run.answer() == answer


def test_killing_every_kind_of_process_changes_no_byte(answer: bytes, tmp_path: Path) -> None:
    with running(tmp_path, workers=2) as (service, run):
        killed_alone = Counter(kill_a_worker(run))
        kill_the_fork_server(run)
        kill_the_dispatcher(run)
        kill_the_api(service, run)
        killed_alone.update(kill_a_worker(run))
        kill_the_dispatcher(run)
        assert run.answer() == answer
        # No other death than that of a worker with one trial counts as an attempt of anybody.
        assert all(trial["attempts"] <= 1 + killed_alone[trial["number"]] for trial in run.trials())


def test_killing_the_whole_service_changes_no_byte(answer: bytes, tmp_path: Path) -> None:
    with running(tmp_path, workers=2) as (service, run):
        pack = run.frozen_pack()
        for child in service.children:
            child.kill()
    _signal(pack.pid, signal.SIGCONT)
    wait_until(lambda: not is_alive(pack.pid))
    settings = Settings(data_dir=tmp_path, port=0, workers=2)
    with Service(settings) as service, _client(service) as run.client:
        assert run.answer() == answer


def kill_a_worker(run: Run) -> list[int]:
    """Returns the trial in it, if it was alone."""
    pack = run.frozen_pack()
    assert _signal(pack.pid, signal.SIGKILL)
    wait_until(lambda: pack.id not in {other.id for other in run.running_packs()})
    return pack.numbers if len(pack.numbers) == 1 else []


def kill_the_dispatcher(run: Run) -> None:
    """While packs are in training: their workers must end, and their trials must wait again."""
    pack, dispatcher = run.frozen_pack(), run.dispatcher_pid()
    assert _signal(dispatcher, signal.SIGKILL)
    wait_until(lambda: run.dispatcher_pid() != dispatcher)
    wait_until(lambda: not is_alive(pack.pid))


def kill_the_fork_server(run: Run) -> None:
    """While a pack is in training: its worker lives on, and the next ones come from a new fork server.

    The worker stays frozen, so that the study cannot end before the next kill.
    """

    def parent_of_a_worker() -> int | None:
        with suppress(FileNotFoundError):  # it was frozen when it had told all, and the dispatcher has ended it
            return _parent(run.frozen_pack().pid)
        return None

    server = wait_until(parent_of_a_worker)
    assert _parent(server) == run.dispatcher_pid()
    assert _signal(server, signal.SIGKILL)


def kill_the_api(service: Service, run: Run) -> None:
    """While a pack is in training, and it stays frozen: requests wait for the next API process."""
    run.frozen_pack()
    api = next(child for child in service.children if child.name == "API")
    before = api.deaths
    api.kill()
    wait_until(lambda: api.deaths > before)


def _client(service: Service) -> httpx.Client:
    return httpx.Client(base_url=service.settings.base_url, timeout=30)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _signal(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
