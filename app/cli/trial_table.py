"""Files of trials: JSON as the API has it, or CSV with a column for each parameter."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class TrialTable:
    trials: Sequence[dict[str, Any]]  # as the API takes them
    places: Sequence[str]  # how an error names each: "trials.csv, line 2"


Placed = tuple[str, dict[str, Any]]  # a place, and what stands there


def read_values(file: Path, parameters: Parameters) -> TrialTable:
    """The values of each trial. Raises CommandError for a file that is neither."""
    if _is_csv(file):
        return _table([(place, row["values"]) for place, row in _csv_rows(file, parameters)])
    return _table([(place, entry.get("values", entry)) for place, entry in _json_entries(file)])


def read_results(file: Path, parameters: Parameters) -> TrialTable:
    """The finished trials, each with `values`, `value` and `dev_loss`; others are left out."""
    if _is_csv(file):
        rows = _csv_rows(file, parameters)
        if any("value" not in row for _, row in rows):
            raise CommandError(f"{file}: column 'value' is required")
        return _table(rows)
    entries = _json_entries(file)
    results = [(place, _result(entry)) for place, entry in entries if entry.get("state", ENDS[0]) in ENDS]
    if not results:
        raise CommandError(f"{file}: it holds no finished trial")
    return _table(results)


def _table(placed: Sequence[Placed]) -> TrialTable:
    return TrialTable([trial for _, trial in placed], [place for place, _ in placed])


def _result(entry: Mapping[str, Any]) -> dict[str, Any]:
    """As the API takes it; of what it does not, only what a trial of an export or a list has is left out."""
    metrics = entry.get("metrics") or {}
    told = {"values": entry.get("values"), "value": entry.get("value"), "dev_loss": metrics.get("dev_loss")}
    return told if "state" in entry else {"value": None, **entry}


def _is_csv(file: Path) -> bool:
    return file.suffix.lower() == ".csv"


def _json_entries(file: Path) -> list[Placed]:
    """The objects of a list, of an export or of a page of trials; one object alone is a list of one."""
    try:
        document = json.loads(file.read_bytes())
    except ValueError as error:
        raise CommandError(f"{file}: it is no valid JSON ({error}); a table of trials must be called .csv") from None
    if isinstance(document, dict):
        document = next((document[name] for name in ("trials", "items") if name in document), [document])
    if not isinstance(document, list) or not document or not all(isinstance(entry, dict) for entry in document):
        raise CommandError(f"{file}: it must hold a list of objects, one for each trial")
    return [(f"{file.name}, trial {position}", entry) for position, entry in enumerate(document)]


def _csv_rows(file: Path, parameters: Parameters) -> list[Placed]:
    from app.errors import InvalidInput
    from app.tables.layout import read_layout, read_records

    known = {parameter["name"]: parameter for parameter in parameters}
    try:
        layout = read_layout(file, fewest_columns=1)
        _check_columns(file, layout.columns, known)
        rows = [(line, dict(zip(layout.columns, cells, strict=True))) for line, cells in read_records(file, layout)]
    except InvalidInput as error:
        raise CommandError(f"{file}: {error.detail}") from None
    finished = [(line, row) for line, row in rows if row.get("state", "") in ("", *ENDS)]
    if not finished:
        raise CommandError(f"{file}: it holds no finished trial")
    return [(f"{file.name}, line {line}", _row(row, known)) for line, row in finished]


def _check_columns(file: Path, columns: Sequence[str], known: Mapping[str, Any]) -> None:
    from engine.errors import unknown_name

    for name in columns:
        if name not in (*known, *RESULT_COLUMNS, *OTHER_COLUMNS):
            raise CommandError(f"{file}: {unknown_name('column', name, (*known, *RESULT_COLUMNS))}")


def _row(row: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: _cell(known[name], cell) for name, cell in row.items() if name in known and cell}
    told = {name: _number(cell) if cell else None for name, cell in row.items() if name in RESULT_COLUMNS}
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
