"""Optuna's samplers on the same objective: who proposes, how many at a time, and the seconds it takes to."""

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, RandomSampler, TPESampler
from optuna.trial import Trial

from engine.search import FloatParameter, IntParameter, Observation, Scalar, SearchSpace

Objective = Callable[[int, Mapping[str, Scalar]], float]

SAMPLERS: Mapping[str, tuple[Callable[[int], BaseSampler], int]] = {
    "Optuna random": (lambda seed: RandomSampler(seed=seed), 1),
    "Optuna TPE": (lambda seed: TPESampler(seed=seed), 1),
    "Optuna TPE multivariate, batches of 8": (
        lambda seed: TPESampler(seed=seed, multivariate=True, constant_liar=True),
        8,
    ),
    "Optuna CMA-ES": (lambda seed: CmaEsSampler(seed=seed), 1),
    "Optuna GPSampler": (lambda seed: GPSampler(seed=seed), 1),
}


def search(
    name: str, objective: Objective, space: SearchSpace, trials: int, seed: int
) -> Iterator[tuple[Observation, float]]:
    """Let the sampler called `name` search: each trial, and the seconds of proposing up to it.

    `objective` is given the number of a trial and its values.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    sampler, batch_size = SAMPLERS[name]
    study = optuna.create_study(sampler=sampler(seed))
    seconds = 0.0
    for first in range(0, trials, batch_size):
        start = time.perf_counter()
        batch = [_asked(study, space) for _ in range(min(batch_size, trials - first))]
        seconds += time.perf_counter() - start
        for trial in batch:
            value = objective(trial.number, trial.params)
            study.tell(trial, value)
            yield Observation(trial.number, trial.params, value), seconds


def _asked(study: optuna.Study, space: SearchSpace) -> Trial:
    return study.ask({parameter.name: _distribution(parameter) for parameter in space.parameters})


def _distribution(parameter: Any) -> BaseDistribution:
    match parameter:
        case FloatParameter():
            return FloatDistribution(parameter.low, parameter.high, log=parameter.scale == "log")
        case IntParameter():
            return IntDistribution(parameter.low, parameter.high, step=parameter.step)
        case _:
            raise TypeError(f"the tables have no parameter such as {parameter}")
