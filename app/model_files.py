"""Models on disk: one file for each study, whole or not there at all."""

import os
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import BinaryIO, cast

PARTIAL_PREFIX = ".partial-"
ENDING = ".npz"


def place_of(folder: Path, study_id: str) -> Path:
    return folder / f"{study_id}{ENDING}"


def write(file: Path, save: Callable[[BinaryIO], object]) -> None:
    """Write under another name, force it to disk and rename it: a crash leaves what `sweep` takes away."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(prefix=PARTIAL_PREFIX, dir=file.parent, delete=False) as stream:
        partial = Path(stream.name)
        try:
            save(cast("BinaryIO", stream))
            stream.flush()
            os.fsync(stream.fileno())
            partial.replace(file)
        except BaseException:
            partial.unlink()
            raise


def remove(folder: Path, study_id: str) -> None:
    place_of(folder, study_id).unlink(missing_ok=True)


def sweep(folder: Path, study_ids: Collection[str]) -> None:
    """Take away what a crash left half written, and models of studies that are gone. Call it while nothing writes."""
    wanted = {place_of(folder, study_id) for study_id in study_ids}
    for file in folder.glob("*"):
        if file not in wanted:
            file.unlink()
