"""What a person adds on the way changes the answer in one way alone, whatever the workers and whoever dies."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.settings import Settings
from app.store import packs
from app.store.database import Database
from app.store.models import Dispatcher
from app.supervisor import Service
from tests.app.processes import is_alive
from tests.app.waiting import wait_until

STUDY: dict[str, Any] = {
    "name": "steered",
    "seed": 3,
    "search_space": {
        "parameters": [
            {"name": "learning_rate", "type": "float", "low": 0.0001, "high": 1, "scale": "log"},
            {"name": "hidden_units", "type": "int", "low": 8, "high": 64},
        ]
    },
    # Long enough that round 0 is still open when the first additions come.
    "objective": {"dataset": "diabetes", "training": {"epochs": 300, "early_stopping_patience": 60}},
    "strategy": {"type": "coarse_to_fine", "rounds": 2, "first_round_share": 0.4},
    "confirm": {"finalists": 2, "repeats": 2},
    "trials": 28,
}


PRUNINGS: list[dict[str, Any]] = [
    {"type": "stop_curve", "min_elites": 4},
    {"type": "successive_halving", "min_epochs": 20},
]


def values(learning_rate: float) -> dict[str, Any]:
    return {"learning_rate": learning_rate, "hidden_units": 20}


class Run:
    def __init__(self, service: Service, client: httpx.Client, database: Database, pruning: dict[str, Any]) -> None:
        self.service, self.client, self.database = service, client, database
        self.address = (
            client.post("/v1/studies", json=STUDY | {"pruning": pruning}).raise_for_status().headers["location"]
        )

    def study(self) -> dict[str, Any]:
        return dict(self.client.get(self.address).raise_for_status().json())

    def add(self, document: dict[str, Any], takes_effect_in: int | None) -> None:
        answer = self.client.post(f"{self.address}/trials", json=document).raise_for_status().json()
        assert answer["round"] == takes_effect_in

    def steer(self) -> bytes:
        """Add something in round 0, and after the end, and go on; returns the answer."""
        wait_until(lambda: self.study()["round"] == 0)
        self.add({"enqueued": [{"values": values(0.01)}, {"values": values(0.02)}]}, 1)
        self.add({"imported": [{"values": values(0.03), "value": 50.0}, {"values": values(1), "value": None}]}, 1)
        wait_until(lambda: self.study()["state"] == "complete")
        self.add({"enqueued": [{"values": values(0.04)}], "imported": [{"values": values(0.05), "value": 51.5}]}, None)
        self.client.post(f"{self.address}/extend", json={"trials": 15}).raise_for_status()
        self.disturb()
        wait_until(lambda: self.study()["state"] == "complete")
        return self.client.get(f"{self.address}/export").raise_for_status().content

    def disturb(self) -> None:
        """Nothing: this run is left in peace."""


class DisturbedRun(Run):
    def disturb(self) -> None:
        """Kill the dispatcher while it has a worker, which must end too."""
        pid = wait_until(self._frozen_worker)
        with self.database.reading() as session:
            dispatcher = session.scalars(select(Dispatcher.pid)).one()
        os.kill(dispatcher, signal.SIGKILL)
        wait_until(lambda: not is_alive(pid))

    def _frozen_worker(self) -> int | None:
        assert self.study()["state"] == "running", "the study ended before it could be disturbed"
        with self.database.reading() as session:
            for pack in packs.every(session):
                try:
                    os.kill(pack.pid, signal.SIGSTOP)
                except ProcessLookupError:
                    continue
                return pack.pid
        return None


@contextmanager
def running(folder: Path, workers: int, kind: type[Run], pruning: dict[str, Any]) -> Iterator[Run]:
    with Service(Settings(data_dir=folder, port=0, workers=workers)) as service:
        database = Database(service.settings.resolved_database_url)
        with httpx.Client(base_url=service.settings.base_url, timeout=30) as client:
            yield kind(service, client, database, pruning)
        database.dispose()


@pytest.mark.parametrize("pruning", PRUNINGS, ids=lambda pruning: str(pruning["type"]))
def test_a_steered_study_has_the_same_bytes_with_one_worker_and_with_two_of_which_some_die(
    tmp_path: Path, pruning: dict[str, Any]
) -> None:
    with running(tmp_path / "one", 1, Run, pruning) as run:
        answer = run.steer()
        study = run.study()
        trials = run.client.get(f"{run.address}/trials").json()["items"]
        rounds = run.client.get(f"{run.address}/rounds").json()["items"]
    with running(tmp_path / "two", 2, DisturbedRun, pruning) as run:
        assert run.steer() == answer
    assert study["extensions"] == [{"trials": 15, "round": 2}]
    assert [row["arrived"] for row in rounds[:3]] == [
        None,
        {"enqueued": [rounds[1]["first_trial"], rounds[1]["first_trial"] + 1], "imported": [1_000_000, 1_000_001]},
        {"enqueued": [rounds[2]["first_trial"]], "imported": [1_000_002]},
    ]
    assert sum(row["trials"] for row in rounds) == 24 + 15  # what repeats left of the budget, and the extension
    assert [trial["values"] for trial in trials if trial["enqueued"]] == [values(0.01), values(0.02), values(0.04)]
    assert sum(study["counts"].values()) == study["trials"] + 3
    assert {trial["number"] for trial in trials if trial["state"] == "imported"} == {1_000_000, 1_000_001, 1_000_002}
    assert any(trial["state"] == "pruned" for trial in trials)
    assert study["winner"] is not None
    assert study["winner"]["trainings"] == 3
