"""The trials of a study as a CSV table: a line for each, a column for each parameter. The same bytes wherever it ran.

`parfocal import` reads it. Repeats, curves and rounds are in the JSON export alone.
"""

import csv
import io
from typing import Any

from sqlalchemy.orm import Session

from app.api.export import is_reproducible
from app.store import trials
from app.store.models import Study, Trial
from engine.training.mean_result import standard_error

OWN_COLUMNS = (
    "number",
    "state",
    "round",
    "enqueued",
    "value",
    "standard_error",
    "dev_loss",
    "best_epoch",
    "epochs_trained",  # a parameter may be called `epochs`
    "failure_reason",
)


def export_csv(session: Session, study: Study) -> bytes:
    names = [parameter["name"] for parameter in study.search_space["parameters"]]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*OWN_COLUMNS, *names])
    for trial in trials.every(session, study.id):
        writer.writerow([*_own_cells(trial), *(trial.values.get(name) for name in names)])
    return stream.getvalue().encode()


def _own_cells(trial: Trial) -> list[Any]:
    told = {
        "standard_error": standard_error(trial.seed_values or []),
        "epochs_trained": trial.epochs if is_reproducible(trial) else None,
    }
    return [told[name] if name in told else getattr(trial, name) for name in OWN_COLUMNS]
