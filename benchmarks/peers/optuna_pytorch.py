"""Optuna with its storage in SQLite, and processes that ask, train with eager PyTorch on one thread, and tell."""

import multiprocessing
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
import torch
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.trial import TrialState
from torch import nn

from engine.training import load_dataset

NAME = "peer"
DISTRIBUTIONS = {
    "learning_rate": FloatDistribution(0.001, 1, log=True),
    "momentum": FloatDistribution(0.9, 0.999),  # it has no reverse-log scale; the values are given anyhow
    "hidden_units": IntDistribution(16, 100),
    "hidden_layers": IntDistribution(1, 3),
    "batch_size": CategoricalDistribution([32, 64, 128]),
}


def run(values: Sequence[Mapping[str, Any]], training: Mapping[str, Any], processes: int) -> float:
    """Train the given values as Optuna's trials; returns the seconds, without starting the processes."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        storage = f"sqlite:///{Path(folder) / 'optuna.db'}"
        study = optuna.create_study(storage=storage, study_name=NAME)
        ready, begin = context.Barrier(processes + 1), context.Barrier(processes + 1)
        workers = [
            context.Process(target=_work, args=(storage, values[place::processes], training["epochs"], ready, begin))
            for place in range(processes)
        ]
        for worker in workers:
            worker.start()
        ready.wait()
        start = time.perf_counter()
        begin.wait()
        for worker in workers:
            worker.join()
        seconds = time.perf_counter() - start
        assert len(study.get_trials(states=(TrialState.COMPLETE,))) == len(values)
    return seconds


class _Given(BaseSampler):  # type: ignore[misc]  # untyped where the peers are not installed
    """Proposes what it is given: the peers' processes would now and then take the same enqueued trial."""

    def __init__(self) -> None:
        self.values: Mapping[str, Any] = {}

    def infer_relative_search_space(self, _study: Any, _trial: Any) -> dict[str, Any]:
        return {}

    def sample_relative(self, _study: Any, _trial: Any, _search_space: Any) -> dict[str, Any]:
        return {}

    def sample_independent(self, _study: Any, _trial: Any, param_name: str, _distribution: Any) -> Any:
        return self.values[param_name]


def _work(storage: str, values: Sequence[Mapping[str, Any]], epochs: int, ready: Any, begin: Any) -> None:
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = _Given()
    study = optuna.load_study(storage=storage, study_name=NAME, sampler=sampler)
    dataset = load_dataset("digits")
    tensors = [torch.tensor(array) for array in (dataset.train.inputs, dataset.dev.inputs)]
    tensors += [torch.tensor(array, dtype=torch.int64) for array in (dataset.train.targets, dataset.dev.targets)]
    ready.wait()
    begin.wait()
    for sampler.values in values:
        trial = study.ask(DISTRIBUTIONS)
        study.tell(trial, _train(trial.params, epochs, *tensors))


def _train(values: Mapping[str, Any], epochs: int, x: Any, x_dev: Any, y: Any, y_dev: Any) -> float:
    """The dev error after the last epoch; the dev rows are measured after each."""
    network, loss_of = _network(x.shape[1], values), nn.CrossEntropyLoss()
    beta = values["momentum"]
    optimizer = torch.optim.SGD(
        network.parameters(), lr=values["learning_rate"], momentum=beta, dampening=beta, fused=True
    )
    error = 1.0
    for _ in range(epochs):
        for rows in torch.randperm(len(y)).split(values["batch_size"]):
            optimizer.zero_grad(set_to_none=True)
            loss_of(network(x[rows]), y[rows]).backward()
            optimizer.step()
        with torch.no_grad():
            error = (network(x_dev).argmax(1) != y_dev).float().mean().item()
    return error


def _network(features: int, values: Mapping[str, Any]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(values["hidden_layers"]):
        layers += [nn.Linear(features, values["hidden_units"]), nn.ReLU()]
        features = values["hidden_units"]
    return nn.Sequential(*layers, nn.Linear(features, 10))
