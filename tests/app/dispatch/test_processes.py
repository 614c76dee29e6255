"""Ending a process, and never another one that has its number now."""

import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from app.dispatch.processes import end_left_behind, kill_group, process_started
from tests.app.waiting import wait_until

Process = subprocess.Popen[bytes]


@pytest.fixture
def leader() -> Iterator[Process]:
    """A process that waits, the leader of its group as a worker is; it says the number of its own child process."""
    command = ["sh", "-c", "sleep 1000 & echo $!; wait"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        yield process
        if process.poll() is None:
            kill_group(process.pid, started(process))


def started(process: Process) -> str:
    moment = process_started(process.pid)
    assert moment is not None
    return moment


def child_of(leader: Process) -> int:
    assert leader.stdout is not None
    return int(leader.stdout.readline())


def test_a_process_started_at_one_moment_for_as_long_as_it_lives(leader: Process) -> None:
    assert started(leader) == started(leader)


def test_a_process_has_ended_also_before_its_parent_has_noticed(leader: Process) -> None:
    leader.send_signal(signal.SIGKILL)
    wait_until(lambda: process_started(leader.pid) is None)
    assert leader.wait() == -signal.SIGKILL
    assert process_started(leader.pid) is None


@pytest.mark.parametrize("stopped", [False, True])
def test_a_process_is_ended_with_its_group_even_if_it_is_stopped(leader: Process, stopped: bool) -> None:
    child = child_of(leader)
    if stopped:
        leader.send_signal(signal.SIGSTOP)
    end_left_behind(leader.pid, started(leader))
    assert process_started(leader.pid) is None
    assert leader.wait() == -signal.SIGKILL
    wait_until(lambda: process_started(child) is None)


@pytest.mark.parametrize("end", [kill_group, end_left_behind])
@pytest.mark.parametrize("moment", ["12345", ""])
def test_a_process_with_the_number_of_one_that_started_at_another_moment_lives_on(
    leader: Process, end: Callable[[int, str], None], moment: str
) -> None:
    end(leader.pid, moment)
    assert process_started(leader.pid) is not None
    assert leader.poll() is None


@pytest.mark.parametrize("end", [kill_group, end_left_behind])
def test_ending_a_process_that_is_gone_is_no_error(leader: Process, end: Callable[[int, str], None]) -> None:
    moment = started(leader)
    kill_group(leader.pid, moment)
    leader.wait()
    end(leader.pid, moment)
