"""Waiting for what another process or thread will do."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

SECONDS = 60.0  # far beyond what anything here takes: what hangs fails its test instead of blocking the suite


def wait_until(condition: Callable[[], Found | None], timeout: float = SECONDS) -> Found:
    """Return what `condition` returns as soon as that is true."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {timeout:g} seconds in vain"
        time.sleep(0.01)
    return found
