"""What a study and a gradient check ask of the engine alike: a dataset, and training values that make sense."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from app.errors import InvalidInput
from app.store import datasets
from app.store.models import Dataset
from engine.errors import InvalidField, unknown_name
from engine.training.augmentation import Augmentation
from engine.training.augmenting import require_images


def dataset_named(dataset_id: str, session: Session) -> Dataset:
    known = datasets.known_ids(session)
    if dataset_id not in known:
        raise InvalidField(("dataset",), unknown_name("dataset", dataset_id, known))
    return datasets.get(session, dataset_id)


def check_images(training: Mapping[str, Any], dataset: Dataset) -> None:
    """Raise InvalidField unless the dataset's rows can be augmented as these values, each right in itself, ask."""
    if training.get("augmentation") is not None:
        shape = dataset.description["image_shape"]
        require_images(tuple(shape) if shape else None, Augmentation(**training["augmentation"]))


@contextmanager
def at(*prefix: str | int) -> Iterator[None]:
    """Turn the engine's complaint about a part of the request into one about the request."""
    try:
        yield
    except InvalidField as complaint:
        raise InvalidInput.from_field(complaint.within(*prefix)) from None
