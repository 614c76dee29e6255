"""Starts the API and the dispatcher, restarts what died, and leaves nothing behind when it ends."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import TracebackType

import httpx

from app import lifeline
from app.errors import ServiceError
from app.locks import LockHeld, hold_lock
from app.settings import Settings

READY_SECONDS = 30
STOP_SECONDS = 5
FIRST_DELAY_SECONDS = 0.1  # doubled at each death that follows soon, up to the longest
LONGEST_DELAY_SECONDS = 10.0
SETTLED_SECONDS = 30  # a child that lived so long starts with the first delay again


class StartupError(Exception):
    """The service cannot start; the message is one line for a person."""


@dataclass
class Child:
    """One supervised process: how to start it, and when it may be started again."""

    name: str
    command: list[str]
    descriptors: tuple[int, ...]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    delay: float = 0.0
    deaths: int = 0

    def start(self) -> None:
        self.started_at = time.monotonic()
        # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which then stops the others.
        self.process = subprocess.Popen(
            self.command, env=self.environment, pass_fds=self.descriptors, start_new_session=True
        )

    def restart_if_dead(self) -> None:
        if self.process is None or self.process.poll() is None:
            return
        lived = time.monotonic() - self.started_at
        if lived < self.delay:
            return  # it waits for its turn: the delay counts from the last start
        settled = lived > SETTLED_SECONDS
        self.delay = FIRST_DELAY_SECONDS if settled else min(max(2 * self.delay, 0.2), LONGEST_DELAY_SECONDS)
        self.deaths += 1
        print(f"parfocal: the {self.name} ended ({_how(self.process.returncode)}); starting it again", file=sys.stderr)
        try:
            self.start()
        except OSError as error:  # no memory or no process left: the next look tries again
            print(f"parfocal: the {self.name} cannot be started: {error.strerror}", file=sys.stderr)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()

    def stop(self, deadline: float) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(max(deadline - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Service:
    """The running service, as a context: ready inside the block, gone after it.

    Raises StartupError if it cannot start. `settings` hold the port that was taken, also where 0 was asked for.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._resources = ExitStack()
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self.children: list[Child] = []

    def __enter__(self) -> "Service":
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop()

    def _start(self) -> None:
        self._resources.enter_context(_only_one(self.settings))
        prepare(self.settings)
        listener = self._resources.enter_context(_listen(self.settings))
        self.settings = self.settings.model_copy(update={"port": listener.getsockname()[1]})
        reading, writing = os.pipe()
        self._resources.callback(os.close, reading)
        self._resources.callback(os.close, writing)
        self.children = self._make_children(listener.fileno(), reading)
        for child in self.children:
            child.start()
        self._watcher.start()
        self._wait_until_ready()

    def _make_children(self, listener: int, pipe: int) -> list[Child]:
        environment = os.environ | self.settings.environment() | {lifeline.VARIABLE: str(pipe)}
        python = [sys.executable, "-m"]
        return [
            Child("API", [*python, "app.main", str(listener)], (listener, pipe), environment),
            Child("dispatcher", [*python, "app.dispatch"], (pipe,), environment),
        ]

    def _watch(self) -> None:
        while not self._stopping.wait(0.05):
            for child in self.children:
                child.restart_if_dead()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        problem = "it gave no answer"
        while time.monotonic() < deadline:
            if dying := next((child for child in self.children if child.deaths >= 3), None):
                raise StartupError(f"the {dying.name} ends again and again; its own messages stand above")
            try:
                answer = httpx.get(f"{self.settings.base_url}/readyz", timeout=2, trust_env=False)
            except httpx.TransportError:
                continue
            if answer.status_code == httpx.codes.OK:
                return
            problem = answer.text
            self._stopping.wait(0.02)
        raise StartupError(f"not ready after {READY_SECONDS} seconds: {problem}")

    def _stop(self) -> None:
        self._stopping.set()
        if self._watcher.is_alive():
            self._watcher.join()  # it might start a child again that has just been stopped
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            child.stop(deadline)
        self._resources.close()


def serve(settings: Settings) -> int:
    """Run the service until SIGINT or SIGTERM. Returns the exit code."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with Service(settings) as service:
            url = service.settings.base_url
            print(f"Parfocal is ready at {url} (API pages: {url}/docs; Ctrl-C stops it)", flush=True)
            stop.wait()
    except StartupError as error:
        print(f"parfocal: {error}", file=sys.stderr)
        return 1
    return 0


def prepare(settings: Settings) -> None:
    """Bring the data directory up to date."""
    from alembic.util import CommandError
    from sqlalchemy.exc import SQLAlchemyError

    from app import builtin
    from app.store.migrate import upgrade

    try:
        upgrade(settings)
        _sweep(settings)
        builtin.install(settings)
    except (OSError, SQLAlchemyError, CommandError, ServiceError) as error:
        raise _unusable(settings, error) from error


def _sweep(settings: Settings) -> None:
    """Take away the files that a crash left without a row."""
    from app import model_files
    from app.store import studies
    from app.store.database import Database
    from app.tables import files

    files.sweep(settings.datasets_dir)
    database = Database(settings.resolved_database_url)
    with database.reading() as session:
        model_files.sweep(settings.models_dir, studies.known_ids(session))
    database.dispose()


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    try:
        with hold_lock(settings.data_dir / "serve.lock"):
            yield
    except LockHeld:
        raise StartupError(f"another parfocal already serves the data folder {settings.data_dir}") from None
    except OSError as error:
        raise _unusable(settings, error) from error


def _unusable(settings: Settings, error: Exception) -> StartupError:
    reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
    return StartupError(f"the data folder {settings.data_dir} cannot be used: {reason}")


@contextmanager
def _listen(settings: Settings) -> Iterator[socket.socket]:
    """Listen here rather than in the API: requests wait while it is started again, and the port stays ours."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=512)
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]  # without the address, which is told already
        raise StartupError(f"cannot listen on {settings.host} port {settings.port}: {reason}") from error
    with listener:
        yield listener


def _how(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
