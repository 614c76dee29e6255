"""From cells to the numbers a network takes, column by column, as learnt from the training rows alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from app.tables.cells import first_text, numbers
from app.tables.layout import refused
from app.tables.limits import MAX_CATEGORIES, MAX_ENCODED_CELLS
from engine.training.arrays import Array


@dataclass(frozen=True)
class NumberColumn:
    """A number stays as it is; a missing one becomes the median of the training rows.

    Where a training row had none, a second feature says so: 1 if missing, else 0.
    """

    kind: ClassVar = "number"

    name: str
    fill: float
    has_missing: bool

    @classmethod
    def fit(cls, column: pd.Series) -> "NumberColumn":
        values = numbers(column)
        return cls(str(column.name), float(np.nanmedian(values)), bool(np.isnan(values).any()))

    @property
    def features(self) -> list[str]:
        return [self.name, f"{self.name} is missing"] if self.has_missing else [self.name]

    def encode(self, column: pd.Series, out: Array) -> None:
        values = numbers(column)
        is_missing = np.isnan(values)
        out[:, 0] = np.where(is_missing, self.fill, values)
        if self.has_missing:
            out[:, 1] = is_missing

    def to_json(self) -> dict[str, Any]:
        return {"fill": self.fill, "has_missing": self.has_missing}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "NumberColumn":
        return cls(document["name"], document["fill"], document["has_missing"])


@dataclass(frozen=True)
class TextColumn:
    """One feature for each text of the training rows, 1 where the cell is that text, else 0.

    Missing is a text like any other if a training row had none. What no training row had is 0 in every feature.
    """

    kind: ClassVar = "text"

    name: str
    categories: tuple[str, ...]
    has_missing: bool

    @classmethod
    def fit(cls, column: pd.Series) -> "TextColumn":
        return cls(str(column.name), tuple(sorted(column.dropna().unique())), bool(column.isna().any()))

    @property
    def features(self) -> list[str]:
        names = [f"{self.name} = {category}" for category in self.categories]
        return [*names, f"{self.name} is missing"] if self.has_missing else names

    def encode(self, column: pd.Series, out: Array) -> None:
        place = {category: index for index, category in enumerate(self.categories)}
        missing = len(self.categories) if self.has_missing else -1
        # A missing cell has code -1, the last here.
        places = np.array([place.get(text, -1) for text in column.cat.categories] + [missing])
        out[:] = places[column.cat.codes.to_numpy()][:, np.newaxis] == np.arange(out.shape[1])

    def to_json(self) -> dict[str, Any]:
        return {"categories": list(self.categories), "has_missing": self.has_missing}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "TextColumn":
        return cls(document["name"], tuple(document["categories"]), document["has_missing"])


@dataclass(frozen=True)
class EmptyColumn:
    """Nothing in any training row: there is nothing to learn, so it gives no feature."""

    kind: ClassVar = "empty"
    features: ClassVar[Sequence[str]] = ()

    name: str

    def encode(self, column: pd.Series, out: Array) -> None:
        """Leave `out`, which has no columns, as it is."""

    def to_json(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "EmptyColumn":
        return cls(document["name"])


Column = NumberColumn | TextColumn | EmptyColumn

_KINDS: dict[str, type[Column]] = {kind.kind: kind for kind in (NumberColumn, TextColumn, EmptyColumn)}


@dataclass(frozen=True)
class Encoder:
    """The columns of a table without its target, each with how it becomes features."""

    columns: tuple[Column, ...]

    @classmethod
    def fit(cls, training: pd.DataFrame) -> "Encoder":
        """Learn from the `training` rows, which hold the feature columns alone."""
        return cls(tuple(_fit_column(training[name]) for name in training.columns))

    @property
    def features(self) -> list[str]:
        return [feature for column in self.columns for feature in column.features]

    def encode(self, table: pd.DataFrame) -> Array:
        """Return (rows, features) float64; columns of `table` that the encoder does not know are left alone.

        A column that held texts when the encoder was fitted must hold texts again, not float64.

        Raises InvalidInput, naming column and place, for a number that is too large and for a text where the
        training rows hold numbers.
        """
        encoded = np.empty((len(table), len(self.features)))
        start = 0
        for column in self.columns:
            end = start + len(column.features)
            column.encode(table[column.name], encoded[:, start:end])
            start = end
        return encoded

    def to_json(self) -> list[dict[str, Any]]:
        return [
            {"name": column.name, "kind": column.kind, **column.to_json(), "features": list(column.features)}
            for column in self.columns
        ]

    @classmethod
    def from_json(cls, documents: Sequence[Mapping[str, Any]]) -> "Encoder":
        return cls(tuple(_KINDS[document["kind"]].from_json(document) for document in documents))


def _fit_column(column: pd.Series) -> Column:
    if column.isna().all():
        return EmptyColumn(str(column.name))
    return NumberColumn.fit(column) if first_text(column) is None else TextColumn.fit(column)


def refuse_long_texts(table: pd.DataFrame) -> None:
    """Raise InvalidInput for a column of text with more than MAX_CATEGORIES distinct values.

    All rows count, so that whether a table is refused does not hang on how it is split.
    """
    for name in table.columns:
        text = first_text(table[name])
        if text is None:
            continue
        distinct = len(table[name].cat.categories)
        if distinct > MAX_CATEGORIES:
            raise refused(
                f"column {name!r} holds {distinct} distinct texts, but at most {MAX_CATEGORIES} can become features: "
                f"drop the column; or, if it should hold numbers, mend {text[0]} in {text[1]}"
            )


def refuse_unfit_width(encoder: Encoder, rows: int) -> None:
    """Raise InvalidInput if there is no feature, or more encoded cells than memory is planned for."""
    features = len(encoder.features)
    if not features:
        raise refused("no column but the target holds anything in the training rows: there is no feature to learn from")
    if rows * features > MAX_ENCODED_CELLS:
        raise refused(
            f"the table becomes {rows} rows × {features} features, but at most {MAX_ENCODED_CELLS} cells are allowed: "
            "drop rows, or columns of text with many distinct values"
        )
