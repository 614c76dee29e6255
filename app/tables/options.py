"""How a table is to be read: what to predict, how to split, and whether its rows are images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from app.errors import InvalidInput
from app.tables.images import full_image_shape
from app.tables.splitting import DEFAULT_FRACTIONS, check_fractions
from engine.errors import unknown_name
from engine.training.dataset import Task

MAX_SEED = 2**53 - 1  # every JSON reader keeps such an integer exact


@dataclass(frozen=True)
class TableOptions:
    """`target` is a column's name; an NPZ file has its own. `task` is inferred if it is None. `split_column` takes the
    place of `split` and `split_seed` if it is given. `image_shape` is (height, width) or (height, width, channels).
    """

    target: str | None = None
    task: Task | None = None
    split: tuple[float, float, float] = DEFAULT_FRACTIONS
    split_seed: int = 0
    split_column: str | None = None
    image_shape: Sequence[int] | None = None

    def __post_init__(self) -> None:
        if self.task is not None and self.task not in get_args(Task):
            raise InvalidInput.at("/task", unknown_name("task", self.task, get_args(Task)))
        check_fractions(self.split)
        if not 0 <= self.split_seed <= MAX_SEED:
            message = f"`0 ≤ split_seed ≤ {MAX_SEED}` must hold, but got {self.split_seed}"
            raise InvalidInput.at("/split_seed", message)
        if self.image_shape is not None:
            full_image_shape(self.image_shape)
        if self.split_column is not None and self.split_column == self.target:
            message = f"the split column must not be the target, but both are {self.target!r}"
            raise InvalidInput.at("/split_column", message)

    def describe_split(self) -> dict[str, Any]:
        if self.split_column is not None:
            return {"column": self.split_column}
        return {"fractions": list(self.split), "seed": self.split_seed}
