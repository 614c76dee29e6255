"""The process that carries out one order. It loads NumPy and the training room: no web, no SQL, no settings."""

import os
import threading
import time
from multiprocessing.connection import Connection

from app.dispatch.messages import Alive, Message, Order
from app.dispatch.work import carry_out

NICENESS = 10  # the API answers first when cores are short
ALIVE_SECONDS = 5


def run(connection: "Connection[Message, Order]") -> None:
    """Carry out the order that comes through the pipe. Ends at once when the dispatcher is gone."""
    os.setsid()  # a process group of its own, which can be killed whole
    os.nice(NICENESS)
    outbox = Outbox(connection)
    try:
        order = connection.recv()
    except EOFError:
        return
    threading.Thread(target=_exit_at_end_of_file, args=[connection], daemon=True).start()
    threading.Thread(target=_say_alive, args=[outbox], daemon=True).start()
    outbox.send(carry_out(order, outbox.send))


class Outbox:
    """The sending end of the pipe, for two threads."""

    def __init__(self, connection: "Connection[Message, Order]") -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        with self._lock:
            self._connection.send(message)


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
