"""Workers without processes: the test decides what they say, and when."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from app.dispatch.dispatcher import Dispatcher
from app.dispatch.messages import Diverged, Done, Finished, Member, Message, Order, TrainPacks
from app.dispatch.trial_queue import SentPacks
from app.dispatch.workers import Lost, Workers
from app.settings import Settings
from app.store import dispatchers
from app.store.database import Database

Result = Callable[[Member], Finished | Diverged]


@dataclass(eq=False)
class SimulatedWorker:
    """Has an order and, of a pack, the results that it has not told yet."""

    pid: int = field(default_factory=os.getpid)
    started: str = "a moment at which no process of that number began"
    last_heard: float = field(default_factory=time.monotonic)
    order: Order | None = None
    untold: list[Member] = field(default_factory=list)

    def send(self, order: Order) -> None:
        self.order = order
        self.untold = list(order.members) if isinstance(order, TrainPacks) else []


class SimulatedWorkers:
    """Stands where a dispatcher has its `Workers`."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.working: list[SimulatedWorker] = []
        self.news: list[tuple[SimulatedWorker, Message | Lost]] = []

    @property
    def free(self) -> int:
        return self.limit - len(self.working)

    def start(self) -> SimulatedWorker:
        self.working.append(SimulatedWorker())
        return self.working[-1]

    def kill(self, worker: SimulatedWorker) -> None:
        self.working.remove(worker)

    def receive(self, timeout: float) -> list[tuple[SimulatedWorker, Message | Lost]]:
        del timeout
        news, self.news = self.news, []
        return [(worker, message) for worker, message in news if worker in self.working]

    def say(self, worker: SimulatedWorker, *messages: Message | Lost) -> None:
        """What the dispatcher will hear at its next tick."""
        self.news += [(worker, message) for message in messages]

    def finish(self, worker: SimulatedWorker, result: Result) -> None:
        """Tell all that the worker has not told yet, and end."""
        self.say(worker, *map(result, worker.untold), Done())
        worker.untold = []


Simulation = tuple[Dispatcher, SimulatedWorkers]


def new_dispatcher(settings: Settings, database: Database) -> Dispatcher:
    """One that has taken over, as its process does at the start, and before it does anything."""
    with database.writing() as session:
        epoch = dispatchers.take_over(session, os.getpid())
    return Dispatcher(settings, database, epoch)


def simulated_dispatcher(settings: Settings, database: Database) -> Simulation:
    """One whose workers are simulated, and these."""
    dispatcher, workers = new_dispatcher(settings, database), SimulatedWorkers(settings.workers)
    dispatcher.workers = cast("Workers", workers)
    return dispatcher, workers


def sent_packs(dispatcher: Dispatcher) -> list[SentPacks]:
    """The packs that are in training."""
    return [pack for pack in dispatcher.sent.values() if isinstance(pack, SentPacks)]
