"""A dataset that is ready to be written: standardised rows of all three splits, and all that is told about them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.tables.encoding import Encoder
from app.tables.splitting import SPLIT_NAMES
from engine.training.arrays import Array
from engine.training.dataset import Dataset, ImageShape, Rows, Scales, Split, Task, describe


@dataclass(frozen=True)
class PreparedDataset:
    dataset: Dataset
    test: Split
    target: str
    class_names: Sequence[str]  # none for regression
    encoder: Encoder
    split: Mapping[str, Any]  # how the rows were split

    @property
    def splits(self) -> dict[str, Split]:
        return dict(zip(SPLIT_NAMES, (self.dataset.train, self.dataset.dev, self.test), strict=True))

    def arrays(self) -> dict[str, Array]:
        """Return the arrays by the names of their files, as `engine.training.dataset` expects them."""
        parts = {f"x_{name}": split.inputs_and_one for name, split in self.splits.items()}
        return parts | {f"y_{name}": split.targets for name, split in self.splits.items()}

    def description(self) -> dict[str, Any]:
        return {
            **describe(self.dataset),
            "class_names": list(self.class_names),
            "target": self.target,
            "columns": self.encoder.to_json(),
            "split": dict(self.split),
            "splits": {name: self._describe_split(split) for name, split in self.splits.items()},
        }

    def _describe_split(self, split: Split) -> dict[str, Any]:
        if self.dataset.task == "regression":
            return {"rows": split.rows}
        class_rows = np.bincount(split.targets, minlength=len(self.class_names)).tolist()
        return {"rows": split.rows, "class_rows": dict(zip(self.class_names, class_rows, strict=True))}


def standardise(
    task: Task, splits: Iterable[Rows], classes: int, image_shape: ImageShape | None = None
) -> tuple[Dataset, Split]:
    """Standardise the raw rows of train, dev and test, taken one after another, with what the training rows tell.

    A number too far out for float32 becomes infinite; the caller refuses it by name and place.
    """
    with np.errstate(over="ignore"):
        remaining = iter(splits)
        train = next(remaining)
        scales = Scales.fit(task, train)
        parts = [scales.split(train)]
        del train
        parts += map(scales.split, remaining)
    dataset = Dataset(task, classes, parts[0], parts[1], scales.inputs, scales.targets, image_shape)
    return dataset, parts[2]
