"""The arrays of an NPZ file that a stranger sent: nothing is unpickled, nothing expanded before it is measured."""

import math
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from app.errors import InvalidInput
from app.tables.layout import refused
from app.tables.limits import MAX_EXPANDED_BYTES
from engine.errors import unknown_name
from engine.training.arrays import Array

MAGICS = (b"PK\x03\x04", b"PK\x05\x06")  # of a zip file, and of one that holds nothing
ENDING = ".npy"
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
IS_ENCRYPTED = 1  # a zip entry's flag
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # what numpy.savez and savez_compressed write
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
# What zipfile and NumPy raise for bytes that make no sense. No entry is read beyond the size that the file announces.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError)


def is_npz(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(MAGICS[0])) in MAGICS


def refuse_false_name(path: Path, name: str) -> None:
    """Raise InvalidInput if the file at `path` is called .npz, but is none, or as a workbook is, which is a zip file as
    an NPZ file is: it would be told off for more than is wrong with it.
    """
    if name.lower().endswith(WORKBOOKS):
        raise refused(f"the file is called {name!r}, but only CSV and NPZ files are read: save the table as CSV")
    if name.lower().endswith(".npz") and not is_npz(path):
        raise refused(f"the file is called {name!r}, but is no NPZ file, which numpy.savez writes")


def read_npz(path: Path, known: Sequence[str]) -> dict[str, Array]:
    """Read the arrays of the file at `path`, whose names must be `known`.

    Raises InvalidInput for whatever is no such file: damaged, too large when expanded, with pickled objects, or with
    arrays of other names.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_entries(entries, known)
            return {_name(entry): _read(archive, entry) for entry in entries}
    except DAMAGE as error:
        raise refused(f"the file is no whole NPZ file: {error}") from None


def _check_entries(entries: Sequence[zipfile.ZipInfo], known: Sequence[str]) -> None:
    names = set()
    for entry in entries:
        name = _name(entry)
        if name not in known:
            raise refused(f"{unknown_name('array', name, known)}, and no other may be in the file")
        if name in names:
            raise refused(f"array {name!r} is in the file twice")
        names.add(name)
        if entry.flag_bits & IS_ENCRYPTED or entry.compress_type not in COMPRESSIONS:
            raise refused(
                f"array {name!r} is encrypted or packed in an unusual way: write it with numpy.savez_compressed"
            )
    size = sum(entry.file_size for entry in entries)
    if size > MAX_EXPANDED_BYTES:
        raise refused(f"the arrays have {size:,} bytes when expanded, but at most {MAX_EXPANDED_BYTES:,} are allowed")


def _name(entry: zipfile.ZipInfo) -> str:
    return entry.filename.removesuffix(ENDING)


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Array:
    with archive.open(entry) as stream:
        _check_header(stream, entry)
    with archive.open(entry) as stream:
        array: Array = np.lib.format.read_array(stream, allow_pickle=False)
        return array


def _check_header(stream: IO[bytes], entry: zipfile.ZipInfo) -> None:
    """Raise InvalidInput unless the array is as large as its header says: NumPy would make room for any size."""
    name = _name(entry)
    try:
        shape, _, dtype = HEADERS[np.lib.format.read_magic(stream)](stream)
    except Exception as error:  # a header is text in Python's syntax, and its parsers raise all there is
        raise _invalid(name, f"is no NumPy array: {error}") from None
    if dtype.hasobject:
        raise _invalid(
            name, "holds pickled Python objects, which are not read: save numbers or texts of a fixed length"
        )
    if math.prod(shape) * dtype.itemsize != entry.file_size - stream.tell():
        raise _invalid(name, f"is not whole: its header says {shape} of {dtype}, its bytes say otherwise")


def _invalid(name: str, complaint: str) -> InvalidInput:
    return refused(f"array {name!r} {complaint}")
