"""Orders for real workers, and what they say."""

from dataclasses import replace
from pathlib import Path

from app.dispatch.messages import Alive, Member, Message, Order, Progress, TrainPacks
from app.dispatch.workers import Lost, Worker, Workers
from engine.training import TrainingPlan
from tests.app.waiting import wait_until

SHORT = TrainingPlan(seed=1, hidden_units=(9,), learning_rate=0.02, epochs=2, l2=0.1)
ENDLESS = replace(SHORT, epochs=100_000)


def order(dataset: Path, *plans: TrainingPlan) -> TrainPacks:
    return TrainPacks(dataset, tuple(Member(number, plan) for number, plan in enumerate(plans, start=100)))


def heard(workers: Workers, worker: Worker) -> list[Message]:
    """What a worker says, but for signs of life, before it is lost: an end that comes to every worker's pipe."""
    said: list[Message | Lost] = []
    while Lost() not in said:
        said += wait_until(lambda: [message for sender, message in workers.receive(1) if sender is worker])
    return [message for message in said if not isinstance(message, Alive | Progress | Lost)]


def run(workers: Workers, order: Order) -> list[Message]:
    worker = workers.start()
    worker.send(order)
    return heard(workers, worker)
