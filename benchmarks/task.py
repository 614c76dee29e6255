"""What is timed: small networks on the digits, for 20 epochs, with the dev rows measured after each."""

from dataclasses import dataclass, replace

import numpy as np

from engine.training import Dataset, TrainingPlan
from engine.training.samples import read_sample

EPOCHS = 20
TRAIN_ROWS = 1437  # four fifths of the digits, the rest is dev: nothing here looks for a best network
KEEP_PROB = 0.8
L2 = 0.5


@dataclass(frozen=True)
class Size:
    hidden_units: tuple[int, ...]
    batch_size: int
    pack: int  # members of the best pack

    def __str__(self) -> str:
        return f"{','.join(map(str, self.hidden_units))} batch {self.batch_size}"


SIZES = (
    Size((16, 16), 16, 64),
    Size((32, 16), 32, 64),
    Size((64, 32), 64, 24),
    Size((256, 32), 64, 12),
    Size((256, 256), 128, 4),
)


def digits() -> Dataset:
    """All digits in a seeded order, cut in two."""
    sample = read_sample("digits")
    splits = [sample.rows(name) for name in ("train", "dev", "test")]
    inputs, targets = (np.concatenate(parts) for parts in zip(*splits, strict=True))
    order = np.random.default_rng(0).permutation(len(targets))
    train, dev = order[:TRAIN_ROWS], order[TRAIN_ROWS:]
    return Dataset.from_rows("classification", (inputs[train], targets[train]), (inputs[dev], targets[dev]))


def plans(size: Size, members: int, *, regularised: bool = False, epochs: int = EPOCHS) -> list[TrainingPlan]:
    """Members with rates and betas of their own; `regularised` ones with dropout, batch norm and L2."""
    plain = [
        TrainingPlan(
            seed=member,
            hidden_units=size.hidden_units,
            batch_size=size.batch_size,
            epochs=epochs,
            learning_rate=0.001 * (1 + member / members),
            beta_1=0.9 - 0.001 * member / members,
            beta_2=0.999 - 0.0001 * member / members,
        )
        for member in range(members)
    ]
    if not regularised:
        return plain
    keep_probs = (KEEP_PROB,) * len(size.hidden_units)
    return [replace(plan, keep_probs=keep_probs, batch_norm=True, l2=L2) for plan in plain]
