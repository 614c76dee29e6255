"""The worker processes of this machine: start one, kill it, hear of it. Knows processes and nothing of studies."""

import multiprocessing
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from queue import Empty, SimpleQueue

from app.dispatch import worker as worker_module
from app.dispatch.messages import Message, Order
from app.dispatch.processes import GONE_SECONDS, kill_group, process_started


@dataclass(frozen=True)
class Lost:
    """The worker's pipe closed."""


class NotStarted(Exception):
    """The fork server died while it was asked for a process. The next `start` makes a new one."""


@dataclass(eq=False)
class Worker:
    process: ForkServerProcess
    connection: "Connection[Order, Message]"
    pid: int
    started: str
    inbox: "Inbox"
    last_heard: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        # A thread for each: a worker that is stopped in the middle of a message holds up nobody else.
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def send(self, order: Order) -> None:
        with suppress(OSError):  # it has died meanwhile: `Lost` tells of it
            self.connection.send(order)

    def kill(self) -> None:
        kill_group(self.pid, self.started)
        self.process.join(GONE_SECONDS)
        self._listener.join(GONE_SECONDS)
        self.connection.close()

    def _listen(self) -> None:
        """Put all that it says into the inbox, until its pipe closes."""
        try:
            while True:
                message = self.connection.recv()
                self.last_heard = time.monotonic()
                self.inbox.put((self, message))
        except (EOFError, OSError):
            self.inbox.put((self, Lost()))


Inbox = SimpleQueue[tuple[Worker, Message | Lost]]


class Workers:
    """One process per pack, forked from a server that has NumPy loaded: 5-17 ms to start, and no shared lock that a
    killed one could hold."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([worker_module.__name__])
        self._workers: set[Worker] = set()
        self._inbox: Inbox = SimpleQueue()

    @property
    def free(self) -> int:
        return self.limit - len(self._workers)

    def start(self) -> Worker:
        """Start a process that waits for its order. Raises NotStarted if the fork server dies meanwhile."""
        connection, other_end = self._context.Pipe()
        process = self._context.Process(target=worker_module.run, args=(other_end,), daemon=True)
        try:
            process.start()
        except (ConnectionError, EOFError) as error:
            connection.close()  # should it have been forked all the same, it ends with this
            raise NotStarted from error
        finally:
            other_end.close()  # else the pipe would not close with the worker
        assert process.pid is not None
        worker = Worker(process, connection, process.pid, process_started(process.pid) or "", self._inbox)
        self._workers.add(worker)
        return worker

    def receive(self, timeout: float) -> list[tuple[Worker, Message | Lost]]:
        """Wait for news up to `timeout` seconds, then return all there is, but nothing of workers that were killed."""
        news = []
        with suppress(Empty):
            news.append(self._inbox.get(timeout=timeout))
            while True:
                news.append(self._inbox.get_nowait())
        return [(worker, message) for worker, message in news if worker in self._workers]

    def kill(self, worker: Worker) -> None:
        self._workers.discard(worker)
        worker.kill()

    def kill_all(self) -> None:
        for worker in list(self._workers):
            self.kill(worker)
