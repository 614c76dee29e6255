"""The dispatcher's own process: `python -m app.dispatch`."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.dispatch.processes import process_started
from app.lifecycle import TrialState
from app.settings import Settings
from app.store import packs
from app.store.database import Database
from app.store.dispatchers import take_over
from app.store.models import Pack
from tests.app.dispatch.making import STUDY, add_study, states_of
from tests.app.waiting import SECONDS, wait_until

ENDLESS = {"objective": STUDY["objective"] | {"training": {"epochs": 100_000}}, "trials": 2}


@contextmanager
def dispatching(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "app.dispatch"]
    environment = os.environ | settings.environment()
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def packs_in_training(database: Database, count: int) -> list[Pack]:
    def found() -> list[Pack]:
        with database.reading() as session:
            rows = packs.every(session)
        return list(rows) if len(rows) == count else []

    return wait_until(found)


def pids(rows: list[Pack]) -> set[int]:
    return {pack.pid for pack in rows}


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def libraries(pid: int) -> str:
    """The files that a process has mapped, shared libraries among them."""
    return Path(f"/proc/{pid}/maps").read_text()


def complaint(process: subprocess.Popen[str]) -> str:
    """What it says on the standard error as it ends."""
    _, errors = process.communicate(timeout=SECONDS)
    return errors


def test_workers_load_numpy_alone_and_nothing_is_left_when_the_dispatcher_is_asked_to_end(
    settings: Settings, database: Database
) -> None:
    study_id = add_study(database, **ENDLESS)
    with dispatching(settings) as process:
        workers = pids(packs_in_training(database, 2))
        [fork_server] = {parent(worker) for worker in workers}
        assert parent(fork_server) == process.pid
        for library in ("pydantic_core", "sqlalchemy"):
            assert library in libraries(process.pid)
            assert not [pid for pid in (fork_server, *workers) if library in libraries(pid)]
        assert all("numpy" in libraries(pid) for pid in (fork_server, *workers))
        process.terminate()
        assert complaint(process) == ""
        assert process.returncode == 0
        wait_until(lambda: not any(map(process_started, (fork_server, *workers))))
    assert states_of(database, study_id) == [TrialState.RUNNING] * 2  # until the next dispatcher gives them back


def test_the_next_dispatcher_waits_for_the_first_to_end_and_goes_on_where_it_was(
    settings: Settings, database: Database
) -> None:
    study_id = add_study(database, **ENDLESS)
    with dispatching(settings) as first:
        left = packs_in_training(database, 2)
        os.kill(left[0].pid, signal.SIGSTOP)  # it cannot see that its dispatcher ends
        with dispatching(settings) as second:
            assert second.poll() is None
            first.kill()
            wait_until(lambda: not pids(left) & pids(packs_in_training(database, 2)))
            assert process_started(left[0].pid) != left[0].process_started
            assert second.poll() is None
    assert states_of(database, study_id) == [TrialState.RUNNING] * 2


def test_a_dispatcher_that_was_superseded_says_so_and_ends(settings: Settings, database: Database) -> None:
    with dispatching(settings) as process:
        add_study(database, **ENDLESS)
        workers = pids(packs_in_training(database, 2))
        with database.writing() as session:
            take_over(session, pid=1)
        assert complaint(process) == "parfocal: another dispatcher has taken over; this dispatcher ends\n"
        assert process.returncode == 1
        assert not any(map(process_started, workers))


def test_a_database_that_cannot_be_used_is_told_in_one_line(tmp_path: Path) -> None:
    with dispatching(Settings(data_dir=tmp_path)) as process:
        reason = "the database cannot be used (no such table: dispatcher)"
        assert complaint(process) == f"parfocal: {reason}; this dispatcher ends\n"
        assert process.returncode == 1
