"""What a study may ask of a dataset and of this machine's memory."""

from collections.abc import Mapping
from typing import Any

from app.store.models import Dataset
from engine.errors import InvalidField
from engine.training.data_shape import DataShape
from engine.training.memory import costliest, most_members, pack_bytes
from engine.training.values import LAYER_NAMES

MEBIBYTE = 2**20
SIZES = ("hidden_layers", "hidden_units", *LAYER_NAMES["hidden_units"], "batch_size")  # what memory hangs on most


def check_batch_size(batch_size: Any, dataset: Dataset) -> None:
    rows = dataset.description["splits"]["train"]["rows"]
    if batch_size > rows:
        message = (
            f"`batch_size` must be at most {rows}, the training rows of dataset {dataset.id!r}, but got {batch_size}"
        )
        raise InvalidField(("batch_size",), message)


def check_memory(possible: Mapping[str, tuple[Any, ...]], dataset: Dataset, bound_bytes: int) -> None:
    """Raise InvalidField unless the largest network that a study can try may train alone.

    The field it names is the one without which least would be needed; the dataset, if the study names no size.
    """
    data = DataShape.described(dataset.description)
    needed = pack_bytes(costliest(possible), 1, data)
    if needed <= bound_bytes:
        return

    def needed_without(name: str) -> int:
        return pack_bytes(costliest({other: values for other, values in possible.items() if other != name}), 1, data)

    name = min((name for name in SIZES if name in possible), key=needed_without, default="dataset")
    value = repr(dataset.id) if name == "dataset" else max(possible[name])
    message = (
        f"`{name}` must leave each training within {_mebibytes(bound_bytes)} MiB (PARFOCAL_PACK_MEBIBYTES), but with "
        f"{value} the largest network of this study needs about {_mebibytes(needed)} MiB"
    )
    raise InvalidField((name,), message)


def check_seeds(seeds: int, possible: Mapping[str, tuple[Any, ...]], dataset: Dataset, bound_bytes: int) -> None:
    """Raise InvalidField unless the largest network that a study can try may train with all seeds at once."""
    most = most_members(costliest(possible), DataShape.described(dataset.description), bound_bytes)
    if seeds > most:
        message = (
            f"`seeds` must be at most {most}, for a trial trains with all of them in one pack of at most "
            f"{_mebibytes(bound_bytes)} MiB (PARFOCAL_PACK_MEBIBYTES), but got {seeds}"
        )
        raise InvalidField(("seeds",), message)


def _mebibytes(size: int) -> str:
    return f"{-(-size // MEBIBYTE):,}"
