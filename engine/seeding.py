"""One stream of random numbers per (seed, purpose, number), so that nothing random depends on what ran before it."""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a stream is for. The numbers are part of every stored study's answer: never renumber them."""

    PROPOSAL = 0  # the values of one trial
    TRAINING = 1  # the seed of one trial's training
    WEIGHTS = 2  # a network's initial weights
    SHUFFLE = 3  # the order of the training rows, epoch by epoch
    SPLIT = 4  # which rows of a table go to train, dev and test
    DROPOUT = 5  # which units fall silent
    AUGMENTATION = 6  # how each image of a mini-batch is changed
    GRADIENT_CHECK = 7  # which of an array's gradients are checked
    RESAMPLING = 8  # which test rows a resample holds
    IMPORTANCES = 11  # of the draws that tell which parameters matter


def generator(seed: int, purpose: Purpose, *path: int) -> np.random.Generator:
    """Return the stream for `purpose` at `path` (a trial number, an epoch, …) under `seed`.

    `seed` is at most 128 bits and each step of the path at most 32: up to there two different arguments
    never share a stream (`SeedSequence` pads the entropy before it appends the spawn key).
    """
    return np.random.Generator(np.random.PCG64(_sequence(seed, purpose, path)))


def derived_seed(seed: int, purpose: Purpose, *path: int) -> int:
    """Return a seed in [0, 2**53): every JSON reader, JavaScript's among them, keeps such an integer exact."""
    return int(_sequence(seed, purpose, path).generate_state(1, np.uint64)[0] >> np.uint64(11))


def _sequence(seed: int, purpose: Purpose, path: tuple[int, ...]) -> np.random.SeedSequence:
    return np.random.SeedSequence(seed, spawn_key=(purpose, *path))
