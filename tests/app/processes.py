"""Real processes for tests: small Python programs that talk by lines, and a look at what still lives."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.dispatch.processes import process_started

needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into /proc, which Linux has")


@contextmanager
def program(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run Python code with a pipe to and from it; it is killed after the block, if it still runs."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    with subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    """The next line that the program prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def say(process: subprocess.Popen[str], text: str = "") -> None:
    """Send the program a line."""
    assert process.stdin is not None
    process.stdin.write(f"{text}\n")
    process.stdin.flush()


def crash(process: subprocess.Popen[str]) -> None:
    """End it as a crash would: nothing of its own runs any more."""
    process.send_signal(signal.SIGKILL)
    process.wait()


def is_alive(pid: int) -> bool:
    """Whether the process still runs; one that only waits to be counted by its parent does not."""
    return process_started(pid) is not None
