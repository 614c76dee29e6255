"""Uploaded files, as files."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import Request, UploadFile

from app.api.strict import MAX_NAME_LENGTH, repeated
from app.errors import FieldError, InvalidInput, json_pointer
from app.tables.files import PARTIAL_PREFIX


async def refuse_repeated_parts(request: Request) -> None:
    """Raise InvalidInput if a form has a part twice."""
    names = [name for name, _ in (await request.form()).multi_items()]
    if complaints := repeated(names, "form"):
        raise InvalidInput([FieldError(json_pointer([name]), message) for name, message in complaints])


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
