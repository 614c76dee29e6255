"""Datasets on disk: one folder each, named by the hash of its content, whole or not there at all."""

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.errors import InsufficientStorage
from engine.training.arrays import Array
from engine.training.dataset import DESCRIPTION_FILE

if TYPE_CHECKING:  # it loads pandas, a second of every start of the API
    from app.tables.prepared import PreparedDataset

PARTIAL_PREFIX = ".partial-"


@dataclass(frozen=True)
class StoredDataset:
    content_hash: str
    path: Path
    description: Mapping[str, Any]  # what `dataset.json` holds


def store(root: Path, prepared: "PreparedDataset") -> StoredDataset:
    """Write the dataset's folder under `root`, unless the same content is there already.

    The folder is written under another name, forced to disk and renamed, so a crash leaves it whole or leaves
    what `sweep` takes away. Raises InsufficientStorage if the disk is full, and then leaves nothing.
    """
    arrays = prepared.arrays()
    description = prepared.description()
    content_hash = _content_hash(description, arrays)
    path = root / content_hash
    if not path.exists():
        with _clear_when_full(root), _partial_folder(root) as partial:
            for name, array in arrays.items():
                _write_array(partial / f"{name}.npy", array)
            _write_description(partial / DESCRIPTION_FILE, description)
            _sync_folder(partial)
            _rename(partial, path)
            _sync_folder(root)
    return StoredDataset(content_hash, path, description)


def remove(root: Path, content_hash: str) -> None:
    """Take the dataset's folder away if it is there; a worker that has it open can read on."""
    if not re.fullmatch("[0-9a-f]{64}", content_hash):
        raise ValueError(f"a content hash has 64 hexadecimal digits, but got {content_hash!r}")
    with _partial_folder(root) as partial, contextlib.suppress(FileNotFoundError):
        (root / content_hash).rename(partial / content_hash)  # in one step: no reader sees half a folder


def sweep(root: Path) -> None:
    """Take away what a crash left half written or half removed. Call it while nothing writes: at the start."""
    for partial in root.glob(f"{PARTIAL_PREFIX}*"):
        shutil.rmtree(partial, ignore_errors=True)


def _content_hash(description: Mapping[str, Any], arrays: Mapping[str, Array]) -> str:
    digest = hashlib.sha256(json.dumps(description, sort_keys=True, separators=(",", ":"), allow_nan=False).encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


@contextlib.contextmanager
def _clear_when_full(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InsufficientStorage(f"no space left on the disk of {root} to store the dataset") from error
        raise


@contextlib.contextmanager
def _partial_folder(root: Path) -> Iterator[Path]:
    root.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=PARTIAL_PREFIX, dir=root))
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_array(path: Path, array: Array) -> None:
    # numpy.save would raise an error without its number when the disk fills up midway.
    contiguous = np.ascontiguousarray(array)
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(contiguous))
        stream.write(contiguous.data)
        stream.flush()
        os.fsync(stream.fileno())


def _write_description(path: Path, description: Mapping[str, Any]) -> None:
    with path.open("w", encoding="ascii") as stream:  # json escapes the rest, so any locale can read it
        json.dump(description, stream, indent=1, allow_nan=False)
        stream.flush()
        os.fsync(stream.fileno())


def _rename(partial: Path, path: Path) -> None:
    try:
        partial.rename(path)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise
        # Another upload of the same content was faster: its folder is as good as this one.


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
