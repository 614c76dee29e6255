"""Uploaded files, as files."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import UploadFile

from app.api.strict import MAX_NAME_LENGTH
from app.tables.files import PARTIAL_PREFIX


@contextmanager
def kept_on_disk(upload: UploadFile, folder: Path) -> Iterator[Path]:
    """The upload as a file inside the block, in the folder of the datasets: /tmp may be small, or be memory.

    What a crash leaves of it is swept away like any other half-written dataset.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=PARTIAL_PREFIX) as partial:
        path = Path(partial, "upload")
        with path.open("wb") as file:
            shutil.copyfileobj(upload.file, file)
        yield path


def name_of(upload: UploadFile) -> str:
    """The file's name without its ending, as far as it can be shown."""
    stem = Path(upload.filename or "").stem
    return "".join(filter(str.isprintable, stem))[:MAX_NAME_LENGTH] or "table"
