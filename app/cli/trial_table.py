"""Files of trials: JSON as the API has it, or CSV with a column for each parameter."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.cli.errors import CommandError

Parameters = Sequence[Mapping[str, Any]]  # of a search space, as the API answers it

RESULT_COLUMNS = ("value", "dev_loss")
# What else an export has, of no use here but for the state.
OTHER_COLUMNS = (
    *("number", "state", "round", "enqueued"),
    *("standard_error", "best_epoch", "epochs_trained", "failure_reason"),
)
ENDS_WITH_RESULT = ("complete", "pruned", "imported")
ENDS = (*ENDS_WITH_RESULT, "failed")


def read_values(file: Path, parameters: Parameters) -> list[dict[str, Any]]:
    """The values of each trial. Raises CommandError for a file that is neither."""
    if _is_csv(file):
        return [row["values"] for row in _csv_rows(file, parameters, ())]
    return [entry.get("values", entry) for entry in _json_entries(file)]


def read_results(file: Path, parameters: Parameters) -> list[dict[str, Any]]:
    """The finished trials, each with `values`, `value` and `dev_loss`; others are left out."""
    if _is_csv(file):
        return _csv_rows(file, parameters, RESULT_COLUMNS)
    finished = [entry for entry in _json_entries(file) if entry.get("state", ENDS[0]) in ENDS]
    results = [_result(entry) for entry in finished]
    if not results:
        raise CommandError(f"{file}: it holds no finished trial")
    return results


def _result(entry: Mapping[str, Any]) -> dict[str, Any]:
    """As the API takes it; of what it does not, only what a trial of an export or a list has is left out."""
    metrics = entry.get("metrics") or {}
    told = {"values": entry.get("values"), "value": entry.get("value"), "dev_loss": metrics.get("dev_loss")}
    return told if "state" in entry else {"value": None, **entry}


def _is_csv(file: Path) -> bool:
    return file.suffix.lower() == ".csv"


def _json_entries(file: Path) -> list[dict[str, Any]]:
    """The objects of a list, of an export or of a page of trials; one object alone is a list of one."""
    try:
        document = json.loads(file.read_bytes())
    except ValueError as error:
        raise CommandError(f"{file}: it is no valid JSON ({error}); a table of trials must be called .csv") from None
    if isinstance(document, dict):
        document = next((document[name] for name in ("trials", "items") if name in document), [document])
    if not isinstance(document, list) or not document or not all(isinstance(entry, dict) for entry in document):
        raise CommandError(f"{file}: it must hold a list of objects, one for each trial")
    return document


def _csv_rows(file: Path, parameters: Parameters, result_columns: Sequence[str]) -> list[dict[str, Any]]:
    known = {parameter["name"]: parameter for parameter in parameters}
    with file.open(newline="", encoding="utf-8-sig") as stream:
        try:
            reader = csv.DictReader(stream, strict=True)
            _check_columns(file, reader.fieldnames or (), known, result_columns)
            finished = (row for row in reader if (row.get("state") or ENDS[0]) in ENDS)
            rows = [_row(row, known, result_columns) for row in finished]
        except (csv.Error, UnicodeDecodeError) as error:
            raise CommandError(f"{file}: it is no table in CSV ({error})") from None
    if not rows:
        raise CommandError(f"{file}: it holds no trial")
    return rows


def _check_columns(file: Path, columns: Sequence[str], known: Mapping[str, Any], result_columns: Sequence[str]) -> None:
    from engine.errors import unknown_name

    for name in columns:
        if name not in (*known, *result_columns, *OTHER_COLUMNS):
            raise CommandError(f"{file}: {unknown_name('column', name, (*known, *result_columns))}")
    if "value" in result_columns and "value" not in columns:
        raise CommandError(f"{file}: column 'value' is required")


def _row(row: Mapping[str, str | None], known: Mapping[str, Any], result_columns: Sequence[str]) -> dict[str, Any]:
    values = {name: _cell(known[name], cell) for name, cell in row.items() if name in known and cell}
    told = {name: _number(cell) if cell else None for name, cell in row.items() if name in result_columns}
    return {"values": values, **told}


def _cell(parameter: Mapping[str, Any], cell: str) -> Any:
    """What a cell says; one that is no value of its parameter stays text, for the service to refuse with the rule."""
    if parameter["type"] == "categorical":
        return next((choice for choice in parameter["choices"] if _written(choice) == cell.lower()), cell)
    return _number(cell)


def _written(choice: Any) -> str:
    return str(choice).lower()


def _number(cell: str) -> Any:
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return cell
