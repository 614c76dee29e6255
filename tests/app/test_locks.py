"""A lock is held by one process, and free again however that process ends."""

from pathlib import Path

import pytest

from app.locks import LockHeld, hold_lock
from tests.app.processes import crash, line, program, say

HOLD = """
import subprocess, sys
from pathlib import Path
from app.locks import hold_lock
with hold_lock(Path(sys.argv[1])):
    # It has our standard input, but must not have the lock.
    heir = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.readline()"])
    print("held", flush=True)
    heir.wait()
"""

WAIT = """
import sys
from pathlib import Path
from app.locks import hold_lock
print("waiting", flush=True)
with hold_lock(Path(sys.argv[1]), wait=True):
    print(Path(sys.argv[2]).exists(), flush=True)
"""


def test_the_lock_of_another_process_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with program(HOLD, path) as holder:
        assert line(holder) == "held"
        with pytest.raises(LockHeld, match=r"a\.lock"), hold_lock(path):
            pytest.fail("two hold it")


def test_the_lock_is_free_once_its_holder_has_crashed_though_what_it_started_lives_on(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with program(HOLD, path) as holder:
        assert line(holder) == "held"
        crash(holder)
        with hold_lock(path):
            say(holder)  # the heir still reads: else this would be a broken pipe


def test_the_lock_is_free_after_the_block(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.lock"
    for _ in range(2):
        with hold_lock(path):
            assert path.exists()
    with pytest.raises(RuntimeError), hold_lock(path):
        raise RuntimeError
    with hold_lock(path):
        pass


def test_whoever_waits_gets_the_lock_only_when_it_is_free(tmp_path: Path) -> None:
    path, sign = tmp_path / "a.lock", tmp_path / "sign"
    with program(WAIT, path, sign) as waiter:
        with hold_lock(path):
            assert line(waiter) == "waiting"
            sign.touch()  # the last thing before the lock is given back
        assert line(waiter) == "True"
