"""What of a dataset decides the cost of a training."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.training.dataset import Dataset, output_units
from engine.training.packing import pack_key
from engine.training.parameters import Shape
from engine.training.plan import TrainingPlan


@dataclass(frozen=True)
class DataShape:
    features: int
    outputs: int
    train_rows: int
    dev_rows: int

    @classmethod
    def of(cls, dataset: Dataset) -> "DataShape":
        return cls(dataset.features, dataset.outputs, dataset.train.rows, dataset.dev.rows)

    @classmethod
    def described(cls, description: Mapping[str, Any]) -> "DataShape":
        """From what the service tells of a dataset."""
        rows = {name: split["rows"] for name, split in description["splits"].items()}
        features = len(description["input_standardisation"]["mean"])
        return cls(features, output_units(description["classes"]), rows["train"], rows["dev"])

    def shape_of(self, plan: TrainingPlan) -> Shape:
        key = pack_key(plan)
        return Shape((self.features, *key.widths, self.outputs), key.batch_norm)
