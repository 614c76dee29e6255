"""A model with the encoding of its columns: raw rows go in, answers come out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import InvalidInput
from app.tables.encoding import Encoder
from app.tables.raw_rows import Row, table_of
from engine.training.arrays import Array
from engine.training.model import Model


@dataclass(frozen=True)
class Predictor:
    model: Model
    encoder: Encoder

    @classmethod
    def load(cls, file: Path) -> "Predictor":
        model = Model.load(file)
        return cls(model, Encoder.from_json(model.columns))

    def predict(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """For each row {"class", "probabilities"}, or {"value"} in the target's own units.

        Raises InvalidInput for rows that are not like the table's, or so far from it that no number comes out.
        """
        features = self.encoder.encode(table_of(rows, self.encoder))
        with np.errstate(over="ignore", invalid="ignore"):
            answers = self.model.predict(features)
        _refuse_infinite(answers)
        if self.model.task == "regression":
            return [{"value": value} for value in answers.tolist()]
        return [_class_of(row, self.model.class_names) for row in answers]


def _class_of(probabilities: Array, names: Sequence[str]) -> dict[str, Any]:
    by_name = dict(zip(names, probabilities.tolist(), strict=True))
    return {"class": names[int(probabilities.argmax())], "probabilities": by_name}


def _refuse_infinite(answers: Array) -> None:
    is_finite = np.isfinite(answers.reshape(len(answers), -1)).all(axis=1)
    if not is_finite.all():
        number = int(np.argmin(is_finite))
        message = f"row {number}: its numbers lie so far from the training rows that there is no answer"
        raise InvalidInput.at(f"/rows/{number}", message)
