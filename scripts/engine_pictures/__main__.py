"""Draw all pictures of docs/engine.md and write its tables: `python -m scripts.engine_pictures [NAME …]`."""

import sys
from pathlib import Path

from scripts.engine_pictures import (
    averages,
    batch_norm,
    batches,
    depth,
    diagnosis,
    dropout,
    early_stopping,
    gradient_checks,
    landscapes,
    normalisation,
    penalties,
    schedules,
)
from scripts.engine_pictures.tables import write_tables

DOCS = Path(__file__).parents[2] / "docs"

CHAPTER = (
    diagnosis,
    penalties,
    dropout,
    early_stopping,
    normalisation,
    depth,
    gradient_checks,
    batches,
    averages,
    landscapes,
    schedules,
    batch_norm,
)


def main(names: list[str]) -> None:
    for section in CHAPTER:
        name = section.__name__.rpartition(".")[2]
        if names and name not in names:
            continue
        tables = section.draw(DOCS / "engine")
        print(name, *(f"\n{table}" for table in tables.values()))
        write_tables(DOCS / "engine.md", tables)


if __name__ == "__main__":
    main(sys.argv[1:])
