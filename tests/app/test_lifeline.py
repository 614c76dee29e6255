"""A child ends with its parent, however the parent ended."""

import signal

import pytest

from tests.app.processes import crash, is_alive, line, program, say
from tests.app.waiting import wait_until

SECONDS = 5

PARENT = """
import os, subprocess, sys
from app.lifeline import VARIABLE
reading, writing = os.pipe()
child = [sys.executable, "-c", sys.argv[1]]
subprocess.Popen(child, env=os.environ | {VARIABLE: str(reading)}, pass_fds=[reading])
input()
"""

# It ignores what asks it politely, and has a child of its own that must not keep the pipe.
CHILD = """
import os, signal, subprocess, sys
from app.lifeline import VARIABLE, exit_with_parent
signal.signal(signal.SIGTERM, signal.SIG_IGN)
descriptor = int(os.environ[VARIABLE])
exit_with_parent()
print(os.getpid(), VARIABLE in os.environ, os.get_inheritable(descriptor), flush=True)
signal.pause()
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_ends_when_its_parent_is_gone(end: signal.Signals) -> None:
    with program(PARENT, CHILD) as parent:
        pid, has_variable, is_inherited = line(parent).split()
        assert (has_variable, is_inherited) == ("False", "False")  # nothing that it starts gets the pipe
        assert is_alive(int(pid))
        parent.send_signal(end)
        wait_until(lambda: not is_alive(int(pid)), SECONDS)


def test_a_child_ends_when_its_parent_ends_by_itself() -> None:
    with program(PARENT, CHILD) as parent:
        pid = int(line(parent).split()[0])
        say(parent)
        wait_until(lambda: not is_alive(pid), SECONDS)
        assert parent.wait() == 0


def test_without_a_lifeline_a_process_lives_on() -> None:
    lonely = "from app.lifeline import exit_with_parent; exit_with_parent(); print('on', flush=True); print(input())"
    with program(lonely) as process:
        assert line(process) == "on"
        say(process, "still there")
        assert line(process) == "still there"
        crash(process)
