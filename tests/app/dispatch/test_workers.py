"""Real worker processes: how they start, what they hold up, and how they end."""

import multiprocessing
import multiprocessing.forkserver
import os
import signal
import struct
import threading
from pathlib import Path
from typing import Any

import pytest

from app.dispatch import worker as worker_module
from app.dispatch.messages import Done, Finished, Member, TrainPacks
from app.dispatch.processes import process_started
from app.dispatch.worker import NICENESS
from app.dispatch.workers import NotStarted, Worker, Workers
from tests.app.dispatch.orders import ENDLESS, SHORT, heard, order, run
from tests.app.waiting import SECONDS, wait_until


def is_gone(worker: Worker) -> bool:
    return process_started(worker.pid) is None


def parent(worker: Worker) -> int:
    return int(Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()[1])


def state(worker: Worker) -> str:
    return Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()[0]


class Inside:
    """Stands for what `expression` gives inside the worker that receives it."""

    def __init__(self, expression: str, **names: Any) -> None:
        self.expression, self.names = expression, names

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (self.expression, self.names)


def test_workers_are_started_up_to_a_limit_and_counted(workers: Workers) -> None:
    assert workers.free == 3
    first, second = workers.start(), workers.start()
    assert first.pid != second.pid
    assert workers.free == 1
    workers.kill(first)
    assert workers.free == 2
    workers.kill_all()
    assert workers.free == 3
    assert is_gone(first)
    assert is_gone(second)


@pytest.mark.parametrize("before_it_dies", ["ensure_running", "connect_to_new_process"])
def test_a_fork_server_that_dies_while_it_is_asked_costs_one_start_alone(
    workers: Workers, dataset: Path, monkeypatch: pytest.MonkeyPatch, before_it_dies: str
) -> None:
    working = workers.start()
    server = parent(working)
    server_started = process_started(server)
    # The module's functions are methods of this one, bound when the module was loaded.
    owner = multiprocessing.forkserver._forkserver if before_it_dies == "ensure_running" else multiprocessing.forkserver
    step = getattr(owner, before_it_dies)

    def step_and_die(*arguments: Any) -> Any:
        os.kill(server, signal.SIGSTOP)  # else it may have answered before it dies
        answer = step(*arguments)
        os.kill(server, signal.SIGKILL)
        wait_until(lambda: process_started(server) != server_started)
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(owner, before_it_dies, step_and_die)
        with pytest.raises(NotStarted):
            workers.start()
    assert workers.free == 2
    other = workers.start()
    assert parent(other) != server
    for worker in (working, other):
        worker.send(order(dataset, SHORT))
        assert heard(workers, worker)[-1] == Done()


def test_there_is_no_news_while_nobody_works(workers: Workers) -> None:
    assert workers.receive(timeout=0) == []


def test_a_worker_that_is_killed_is_lost_and_others_work_on(workers: Workers, dataset: Path) -> None:
    lost, other = workers.start(), workers.start()
    lost.send(order(dataset, ENDLESS))
    os.kill(lost.pid, signal.SIGKILL)
    assert heard(workers, lost) == []
    other.send(order(dataset, SHORT))
    assert heard(workers, other)[-1] == Done()


def test_an_order_to_a_worker_that_has_died_is_no_error_for_it_is_lost(workers: Workers, dataset: Path) -> None:
    worker = workers.start()
    os.kill(worker.pid, signal.SIGKILL)
    wait_until(lambda: is_gone(worker))
    worker.send(order(dataset, SHORT))
    assert heard(workers, worker) == []


def test_a_worker_that_was_killed_is_not_heard_of_again(workers: Workers, dataset: Path) -> None:
    first, second = workers.start(), workers.start()
    first.send(order(dataset, SHORT))
    wait_until(lambda: is_gone(first))  # it has said all it had to say
    workers.kill(first)
    second.send(order(dataset, SHORT))
    assert [type(message) for message in heard(workers, second)] == [Finished, Done]


@pytest.mark.parametrize("has_order", [False, True])
@pytest.mark.usefixtures("all_workers")  # who name the modules that the fork server loads
def test_a_worker_ends_when_its_parent_closes_the_pipe(dataset: Path, has_order: bool) -> None:
    """As the kernel does for a parent that was killed."""
    context = multiprocessing.get_context("forkserver")
    connection, other_end = context.Pipe()
    process = context.Process(target=worker_module.run, args=(other_end,), daemon=True)
    process.start()
    other_end.close()
    if has_order:
        connection.send(order(dataset, SHORT, ENDLESS))
        assert isinstance(connection.recv(), Finished)  # now it is in the midst of training
    connection.close()
    process.join(SECONDS)
    assert process.exitcode == has_order


def test_a_stopped_worker_is_killed(workers: Workers, dataset: Path) -> None:
    worker = workers.start()
    worker.send(order(dataset, ENDLESS))
    os.kill(worker.pid, signal.SIGSTOP)
    wait_until(lambda: state(worker) == "T")
    workers.kill(worker)
    assert is_gone(worker)
    assert workers.free == 3


def test_a_worker_that_stops_in_the_middle_of_a_message_holds_up_nobody(workers: Workers, dataset: Path) -> None:
    stopped, other = workers.start(), workers.start()
    half_a_message = struct.pack("!i", 1000) + b"the first of 1000 bytes"
    expression = "(os.write(forkserver.get_inherited_fds()[0], half), os.kill(os.getpid(), signal.SIGSTOP))"
    modules = {"os": Module("os"), "signal": Module("signal"), "forkserver": Module("multiprocessing.forkserver")}
    stopped.connection.send(Inside(expression, half=half_a_message, **modules))  # type: ignore[arg-type]
    wait_until(lambda: state(stopped) == "T")
    other.send(order(dataset, SHORT))
    assert [type(message) for message in heard(workers, other)] == [Finished, Done]
    os.kill(stopped.pid, signal.SIGKILL)
    assert heard(workers, stopped) == []


def test_a_worker_leads_a_process_group_of_its_own_at_a_lower_priority(workers: Workers) -> None:
    worker = workers.start()
    niceness = min(os.getpriority(os.PRIO_PROCESS, 0) + NICENESS, 19)
    wait_until(lambda: os.getpriority(os.PRIO_PROCESS, worker.pid) == niceness)
    assert os.getpgid(worker.pid) == worker.pid
    assert os.getsid(worker.pid) == worker.pid


def test_a_worker_loads_no_web_framework_no_sql_and_no_settings(
    workers: Workers, dataset: Path, tmp_path: Path
) -> None:
    report = tmp_path / "modules"
    expression = "(report.write_text(' '.join(sys.modules)), dataset)[1]"
    spy = Inside(expression, report=report, dataset=dataset, sys=Module("sys"))
    assert run(workers, TrainPacks(spy, (Member(0, SHORT),)))[-1] == Done()  # type: ignore[arg-type]
    modules = set(report.read_text().split())
    assert {"numpy", "engine.training.train", "app.dispatch.worker"} <= modules
    unwanted = {
        "fastapi",
        "starlette",
        "uvicorn",
        "sqlalchemy",
        "pydantic",
        "pydantic_settings",
        "pandas",
        "app.settings",
    }
    assert not unwanted & modules
    assert not [name for name in modules if name.startswith(("app.settings", "app.store", "app.api"))]


def test_workers_that_came_and_went_leave_no_descriptor_and_no_thread_behind(workers: Workers, dataset: Path) -> None:
    def left() -> tuple[int, int]:
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    def come_and_go(fate: str) -> None:
        worker = workers.start()
        if fate == "works":
            worker.send(order(dataset, SHORT))
            heard(workers, worker)
        if fate == "dies":
            os.kill(worker.pid, signal.SIGKILL)
            heard(workers, worker)
        workers.kill(worker)
        assert workers.receive(0) == []  # drops what was said meanwhile

    come_and_go("works")  # the first one makes this process load and open things that stay
    before = left()
    for fate in ("works", "dies", "waits"):
        come_and_go(fate)
        assert left() == before


def test_a_worker_outlives_its_fork_server_and_the_next_one_comes_from_a_new_one(
    workers: Workers, dataset: Path
) -> None:
    old = workers.start()
    server = parent(old)
    os.kill(server, signal.SIGKILL)
    wait_until(lambda: process_started(server) is None)
    assert run(workers, order(dataset, SHORT))[-1] == Done()
    old.send(order(dataset, SHORT))
    assert heard(workers, old)[-1] == Done()


class Module:
    """A module, which pickle does not send: it stands for the one of that name at the other end."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> tuple[Any, ...]:
        return __import__, (self.name, None, None, ("",))
