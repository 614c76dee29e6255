"""Processes of the operating system: who one is, and ending it for good."""

import os
import signal
import subprocess
import time
from pathlib import Path

GONE_SECONDS = 5  # a killed process is gone in milliseconds, unless it waits for a disk


def process_started(pid: int) -> str | None:
    """When process `pid` began, as a text that tells it from a later one with the same pid; None if there is none."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # Fields after the command's name, which stands in brackets and may hold anything; the 20th is the start.
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in "ZX" else fields[19]
    listing = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listing.stdout.strip() or None


def kill_group(pid: int, started: str) -> None:
    """End process `pid` and its process group at once, if it is still the one that `started` tells of."""
    if process_started(pid) != started:
        return
    for kill in (os.killpg, os.kill):  # the group may not have been made yet
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def end_left_behind(pid: int, started: str) -> None:
    """The same, and wait until it is gone."""
    deadline = time.monotonic() + GONE_SECONDS
    while process_started(pid) == started and time.monotonic() < deadline:
        kill_group(pid, started)
        time.sleep(0.005)
