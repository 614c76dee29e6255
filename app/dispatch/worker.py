"""The process that trains one pack. It loads NumPy and the training room: no web framework, no SQL, no settings."""

import errno
import os
import threading
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection

from app.dispatch.messages import (
    Alive,
    DatasetUnreadable,
    Diverged,
    Done,
    Finished,
    Message,
    Order,
    PackFailed,
    Progress,
)
from engine.training import TrainingResult, open_dataset, train_pack

NICENESS = 10  # the API answers first when cores are short
ALIVE_SECONDS = 5
PROGRESS_SECONDS = 1


def run(connection: "Connection[Message, Order]") -> None:
    """Train the pack that comes through the pipe. Ends at once when the dispatcher is gone."""
    os.setsid()  # a process group of its own, which can be killed whole
    os.nice(NICENESS)
    outbox = Outbox(connection)
    try:
        order = connection.recv()
    except EOFError:
        return
    threading.Thread(target=_exit_at_end_of_file, args=[connection], daemon=True).start()
    threading.Thread(target=_say_alive, args=[outbox], daemon=True).start()
    outbox.send(_answer(order, outbox))


class Outbox:
    """The sending end of the pipe, for two threads."""

    def __init__(self, connection: "Connection[Message, Order]") -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        with self._lock:
            self._connection.send(message)


def _answer(order: Order, outbox: Outbox) -> Message:
    try:
        return _train(order, outbox)
    except Exception as error:  # whatever it was, the dispatcher must hear of it, and the process ends here
        return PackFailed(_text(error), may_pass=_is_out_of_memory(error))


def _train(order: Order, outbox: Outbox) -> Done | DatasetUnreadable:
    try:
        dataset = open_dataset(order.dataset)
    except (OSError, ValueError) as error:
        if _is_out_of_memory(error):
            raise
        return DatasetUnreadable(_text(error).replace(f"{order.dataset.parent}/", ""))
    numbers = [member.number for member in order.members]
    last_progress = time.monotonic()

    def on_epoch(epoch: int, dev: Mapping[int, float]) -> None:
        nonlocal last_progress
        if time.monotonic() - last_progress >= PROGRESS_SECONDS:
            outbox.send(Progress({numbers[position]: epoch for position in dev}))
            last_progress = time.monotonic()

    def on_result(position: int, result: TrainingResult) -> None:
        outbox.send(_result(numbers[position], result))

    train_pack([member.plan for member in order.members], dataset, on_epoch, on_result)
    return Done()


def _result(number: int, result: TrainingResult) -> Finished | Diverged:
    if result.value is None or result.best_epoch is None:
        return Diverged(number, result.failure or "", result.epochs, result.curve)
    return Finished(number, result.value, result.metrics, result.best_epoch, result.epochs, result.curve)


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM)


def _say_alive(outbox: Outbox) -> None:
    while True:
        time.sleep(ALIVE_SECONDS)
        outbox.send(Alive())


def _exit_at_end_of_file(connection: "Connection[Message, Order]") -> None:
    """The dispatcher sends nothing after the order: what ends this wait is its end of the pipe closing."""
    try:
        connection.recv()
    except (EOFError, OSError):
        os._exit(1)
