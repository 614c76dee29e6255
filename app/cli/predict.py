"""Predictions for a table of one's own, with the winner of a study."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence

from app.cli.console import busy, hint, write_document
from app.cli.errors import CommandError
from app.cli.options import Output, StudyReference, TableFile, Url, connect, find_study
from app.cli.places import with_places
from app.cli.raw_table import RawTable, read_raw_table
from app.client import Answer, ApiError, Client

ROWS_AT_A_TIME = 1000  # what the service takes
BYTES_AT_A_TIME = 500_000  # half of what it takes


def predict(study: StudyReference, file: TableFile, output: Output = None, url: Url = None) -> None:
    """Predict each row of a table with the winner of a study.

    The table may have the column that is predicted; it is ignored. The output is the table with the predictions, of an
    NPZ file its `y`, if it has one, with the predictions for the rows of its `x`.
    """
    table = read_raw_table(file)
    with connect(url) as client:
        found = find_study(client, study)
        dataset = client.dataset(found["objective"]["dataset"])
        columns = _needed_columns(table, dataset)
        with busy(f"Predicting {len(table.places):,} rows …"):
            predictions = _predictions(client, found["id"], table, columns)
    write_document(_with_predictions(table, dataset, predictions), output)
    if output is not None:
        hint(f"{output} holds {len(predictions):,} predictions of {dataset['target']}")


def _needed_columns(table: RawTable, dataset: Answer) -> list[str]:
    """The columns of the table that the network takes. Raises CommandError for those that are missing or unknown."""
    from engine.errors import unknown_name

    known = {column["name"]: column["kind"] != "empty" for column in dataset["columns"]}
    ignored = {dataset["target"], dataset["split"].get("column")}
    for name in table.columns:
        if name not in known and name not in ignored:
            raise CommandError(f"{table.source}: {unknown_name('column', name, known)}")
    for name, is_needed in known.items():
        if is_needed and name not in table.columns:
            raise CommandError(f"{table.source}: column {name!r} is required")
    return [name for name in table.columns if name in known]


def _predictions(client: Client, study_id: str, table: RawTable, columns: Sequence[str]) -> list[Answer]:
    places = [(name, table.columns.index(name)) for name in columns]
    rows = ({name: cells[place] for name, place in places} for cells in table.rows)
    predictions: list[Answer] = []
    for chunk in _chunks(rows):
        try:
            predictions += client.predict(study_id, chunk)
        except ApiError as error:
            raise with_places(error, table.places, first=len(predictions)) from None
    return predictions


def _chunks(rows: Iterable[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    """As many rows at a time as the service takes."""
    chunk: list[dict[str, str]] = []
    size = 0
    for row in rows:
        length = len(json.dumps(row))
        if chunk and (len(chunk) == ROWS_AT_A_TIME or size + length > BYTES_AT_A_TIME):
            yield chunk
            chunk, size = [], 0
        chunk.append(row)
        size += length
    yield chunk


def _with_predictions(table: RawTable, dataset: Answer, predictions: Sequence[Answer]) -> bytes:
    classes = dataset["class_names"]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    probabilities = (f"probability_{name}" for name in classes)
    writer.writerow([*table.kept_columns, f"predicted_{dataset['target']}", *probabilities])
    for cells, prediction in zip(table.kept_rows, predictions, strict=True):
        writer.writerow([*cells, *_cells(prediction, classes)])
    return stream.getvalue().encode()


def _cells(prediction: Answer, classes: Sequence[str]) -> list[object]:
    if "value" in prediction:
        return [prediction["value"]]
    return [prediction["class"], *(prediction["probabilities"][name] for name in classes)]
