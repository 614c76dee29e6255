"""`/v1/datasets`: tables that are uploaded once, split once, and never change."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Self, cast

from fastapi import APIRouter, Depends, Form, Query, Response, UploadFile, status
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from app.api.dependencies import TheDatabase, TheSettings
from app.api.pages import BY_ID, Page, PageQuery
from app.api.strict import NO_QUERY, Name, StrictModel
from app.api.uploads import kept_on_disk, name_of, refuse_repeated_parts
from app.errors import InvalidInput
from app.settings import Settings
from app.store import datasets
from app.store.database import Database
from app.store.models import Dataset
from app.tables.files import StoredDataset, remove

router = APIRouter(prefix="/v1/datasets", tags=["datasets"])

_SHARES = TypeAdapter(tuple[float, float, float])
_IMAGE_SHAPE = TypeAdapter(list[int])


class DatasetSummary(BaseModel):
    """What is told of a dataset in a list: all but its columns, of which images have thousands."""

    id: str
    name: str
    built_in: bool
    task: str = Field(description="`classification` or `regression`.")
    target: str = Field(description="The column that is predicted.")
    class_names: list[str] = Field(description="In the order of their indices; empty for regression.")
    splits: dict[str, Any] = Field(description="Rows of train, dev and test, and of each class in them.")
    split: dict[str, Any] = Field(description="How the rows were split.")
    column_count: int = Field(description="Input columns.")
    content_hash: str
    image_shape: list[int] | None = Field(description="[height, width, channels] of rows that are images.")
    created_at: datetime

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        described = cls.model_fields.keys() & dataset.description.keys()
        return cls(
            id=dataset.id,
            name=dataset.name,
            built_in=dataset.built_in,
            column_count=len(dataset.description["columns"]),
            content_hash=dataset.content_hash,
            created_at=dataset.created_at,
            **{name: dataset.description[name] for name in described},
        )


class DatasetAnswer(DatasetSummary):
    columns: list[dict[str, Any]] = Field(description="The input columns and how each is encoded.")


def _file(value: Any) -> Any:
    if isinstance(value, str):
        raise ValueError("must be a file (curl: `--form file=@table.csv`)")
    return value


class DatasetForm(StrictModel):
    model_config = ConfigDict(strict=False, arbitrary_types_allowed=True)  # a form's values are all text

    file: Annotated[UploadFile, BeforeValidator(_file)] = Field(
        description="A CSV file with a header line, or an NPZ file with `x` and `y`."
    )
    target: str | None = Field(None, description="The column to predict. An NPZ file has an array `y` instead.")
    name: Name | None = Field(None, description="Left out: the file's name.")
    task: str | None = Field(None, description="`classification` or `regression`; left out: told from the target.")
    split: str = Field("[0.6, 0.2, 0.2]", description="Shares of train, dev and test.")
    split_seed: int = 0
    split_column: str | None = Field(None, description="A column that says train, dev or test, in place of `split`.")
    image_shape: str | None = Field(
        None, description="[height, width] or [height, width, channels] of rows that are images."
    )


@router.post("", status_code=status.HTTP_201_CREATED, dependencies=[NO_QUERY, Depends(refuse_repeated_parts)])
def create_dataset(
    form: Annotated[DatasetForm, Form(media_type="multipart/form-data")],
    database: TheDatabase,
    settings: TheSettings,
    response: Response,
) -> DatasetAnswer:
    """Upload a CSV file, or an NPZ file as numpy.savez writes it.

    The arrays of an NPZ file are `x`, numbers (rows, features) or images (rows, height, width) or (rows, height, width,
    channels); `y` (rows,), numbers or texts; and if wished `split` (rows,), texts that say train, dev or test. NaN in
    `x` is a missing value. Nothing is unpickled.
    """
    with kept_on_disk(form.file, settings.datasets_dir) as path:
        dataset = _store(path, form, database, settings)
    response.headers["Location"] = f"{router.prefix}/{dataset.id}"
    return DatasetAnswer.of(dataset)


@router.get("")
def list_datasets(query: Annotated[PageQuery, Query()], database: TheDatabase) -> Page[DatasetSummary]:
    """Without their columns."""
    with database.reading() as session:
        found = datasets.page(session, query.after(BY_ID), query.limit)
    return query.page([DatasetSummary.of(dataset) for dataset in found], found[-1].id if found else None)


@router.get("/{dataset_id}", dependencies=[NO_QUERY])
def get_dataset(dataset_id: str, database: TheDatabase) -> DatasetAnswer:
    with database.reading() as session:
        return DatasetAnswer.of(datasets.get(session, dataset_id))


@router.delete("/{dataset_id}", status_code=status.HTTP_204_NO_CONTENT, dependencies=[NO_QUERY])
def delete_dataset(dataset_id: str, database: TheDatabase, settings: TheSettings) -> None:
    with database.writing() as session:
        dataset = datasets.delete(session, dataset_id)
        session.flush()
        # Inside the transaction: an upload of the same content waits, and then writes the folder anew.
        if not datasets.is_stored(session, dataset.content_hash):
            remove(settings.datasets_dir, dataset.content_hash)


def _store(path: Path, form: DatasetForm, database: Database, settings: Settings) -> Dataset:
    name = form.name or name_of(form.file)
    while True:
        stored = _ingest(path, form, settings)
        with database.writing() as session:
            # Whoever deletes the last dataset of the same content removes the folder in such a transaction too.
            if stored.path.exists():
                return datasets.add(session, name, stored.content_hash, dict(stored.description))


def _ingest(path: Path, form: DatasetForm, settings: Settings) -> StoredDataset:
    # With pandas, a second of every start of the API that only the first upload needs to wait for.
    from app.tables.ingest import ingest
    from app.tables.npz import refuse_false_name
    from app.tables.options import TableOptions

    refuse_false_name(path, form.file.filename or "")
    options = TableOptions(
        target=form.target,
        task=cast("Any", form.task),  # checked there
        split=_shares(form.split),
        split_seed=form.split_seed,
        split_column=form.split_column,
        image_shape=None if form.image_shape is None else _image_shape(form.image_shape),
    )
    return ingest(path, options, settings.datasets_dir)


def _shares(text: str) -> tuple[float, float, float]:
    try:
        return _SHARES.validate_json(text, strict=True)
    except ValueError:
        message = f"`split` must be three numbers like [0.6, 0.2, 0.2], but got {text!r}"
        raise InvalidInput.at("/split", message) from None


def _image_shape(text: str) -> list[int]:
    try:
        return _IMAGE_SHAPE.validate_json(text, strict=True)
    except ValueError:
        message = f"`image_shape` must be [height, width] or [height, width, channels], but got {text!r}"
        raise InvalidInput.at("/image_shape", message) from None
