"""Files of a stranger: whatever is in them, they are read whole or refused with a reason."""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.errors import InvalidInput
from app.tables import npz
from app.tables.npz import is_npz, read_npz, refuse_false_name
from tests.app.tables.tables import complaint

KNOWN = ("x", "y")


def saved(save: Callable[..., None] = np.savez, **arrays: Any) -> bytes:
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


def zipped(compression: int = zipfile.ZIP_STORED, **entries: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def array_bytes(header: str, data: bytes = b"") -> bytes:
    """An array file with a header of one's own."""
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + data


def read(folder: Path, content: bytes) -> dict[str, Any]:
    path = folder / "upload"
    path.write_bytes(content)
    return read_npz(path, KNOWN)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_saved_is_read(save: Callable[..., None], tmp_path: Path) -> None:
    x, y = np.arange(6.0).reshape(2, 3), np.array(["a", "b"])
    arrays = read(tmp_path, saved(save, x=np.asfortranarray(x), y=y))
    np.testing.assert_array_equal(arrays["x"], x)
    np.testing.assert_array_equal(arrays["y"], y)


@pytest.mark.parametrize(
    ("content", "is_one"),
    [(saved(x=np.ones(3)), True), (zipped(), True), (b"PK,y\n1,2\n", False), (b"", False)],
)
def test_a_file_is_told_by_its_first_bytes(content: bytes, is_one: bool, tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(content)
    assert is_npz(tmp_path / "upload") == is_one


def test_a_file_that_is_only_called_npz_is_refused(tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(b"a,b\n1,2\n")
    refuse_false_name(tmp_path / "upload", "table.csv")
    found = complaint(lambda: refuse_false_name(tmp_path / "upload", "Images.NPZ"))
    assert found.message == "the file is called 'Images.NPZ', but is no NPZ file, which numpy.savez writes"


@pytest.mark.parametrize("name", ["prices.xlsx", "Prices.XLSX", "prices.ods"])
def test_a_workbook_is_refused_with_what_to_do(name: str, tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(b"PK\x03\x04")
    found = complaint(lambda: refuse_false_name(tmp_path / "upload", name))
    assert found.message == f"the file is called {name!r}, but only CSV and NPZ files are read: save the table as CSV"


class Attack:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
        return os.mkdir, (str(self.folder),)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    content = saved(x=np.array([Attack(tmp_path / "made")], dtype=object))
    assert complaint(lambda: read(tmp_path, content)).message == (
        "array 'x' holds pickled Python objects, which are not read: save numbers or texts of a fixed length"
    )
    assert not (tmp_path / "made").exists()


HUGE = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 8)}\n"
REFUSED: dict[str, tuple[bytes, str]] = {
    "truncated": (saved(x=np.ones(1000))[:4000], "the file is no whole NPZ file: File is not a zip file"),
    "another name": (saved(x_train=np.ones(3)), "unknown array 'x_train': the nearest known one is 'x', and no other"),
    "no array": (zipped(x=b"hello world"), "array 'x' is no NumPy array"),
    "an empty entry": (zipped(x=b""), "array 'x' is no NumPy array"),
    "a header that claims more": (zipped(x=array_bytes(HUGE, b"1234")), "array 'x' is not whole: its header says"),
    "a header that claims less": (
        zipped(x=array_bytes(HUGE.replace("1000000000000", "0"), b"1234")),
        "array 'x' is not whole: its header says (0, 8) of float64",
    ),
    "a header that is code": (zipped(x=array_bytes("__import__('os')\n")), "array 'x' is no NumPy array"),
    "a header of parentheses": (zipped(x=array_bytes("(" * 9000)), "array 'x' is no NumPy array"),
    "a header of signs": (zipped(x=array_bytes("-" * 9000 + "1")), "array 'x' is no NumPy array"),
    "a long header": (zipped(x=array_bytes(HUGE + " " * 20000)), "array 'x' is no NumPy array"),
    "a pickle for a header": (zipped(x=array_bytes(HUGE.replace("<f8", "|O"))), "holds pickled Python objects"),
    "a hidden object": (
        zipped(x=array_bytes(HUGE.replace("'<f8'", "[('a', '<f8'), ('b', '|O')]"))),
        "holds pickled Python objects",
    ),
    "an unusual compression": (zipped(zipfile.ZIP_LZMA, x=b"x"), "array 'x' is encrypted or packed in an unusual way"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    content, part = REFUSED[name]
    error = complaint(lambda: read(tmp_path, content))
    assert error.pointer == "/file"
    assert part in error.message


def test_an_array_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", b"")
        archive.writestr("x", b"")
    assert complaint(lambda: read(tmp_path, file.getvalue())).message == "array 'x' is in the file twice"


def test_an_encrypted_array_is_refused(tmp_path: Path) -> None:
    content = bytearray(saved(x=np.ones(3)))
    content[content.index(b"PK\x01\x02") + 8] |= npz.IS_ENCRYPTED
    assert "array 'x' is encrypted" in complaint(lambda: read(tmp_path, bytes(content))).message


def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """20 MB of zeros are 20 KB as they come."""
    content = saved(np.savez_compressed, x=np.zeros(2_500_000), y=np.ones(3))
    assert len(content) < 30_000
    monkeypatch.setattr(npz, "MAX_EXPANDED_BYTES", 20_000_279)
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    assert complaint(lambda: read(tmp_path, content)).message == (
        "the arrays have 20,000,280 bytes when expanded, but at most 20,000,279 are allowed"
    )


def test_a_bomb_that_understates_its_size_is_refused(tmp_path: Path) -> None:
    content = bytearray(saved(np.savez_compressed, x=np.zeros(100_000)))
    place = content.index(b"PK\x01\x02") + 24
    assert int.from_bytes(content[place : place + 4], "little") == 800_128
    content[place : place + 4] = (1000).to_bytes(4, "little")
    assert "Bad CRC-32" in complaint(lambda: read(tmp_path, bytes(content))).message


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_any_damage_is_refused_or_does_no_harm(save: Callable[..., None], tmp_path: Path) -> None:
    """Three hundred files with some bytes changed or cut off."""
    content = saved(save, x=np.arange(12.0).reshape(4, 3), y=np.arange(4))
    rng = np.random.default_rng(0)
    refusals = 0
    for _ in range(300):
        damaged = bytearray(content)
        for place in rng.integers(len(content), size=rng.integers(1, 4)):
            damaged[place] = rng.integers(256)
        try:
            read(tmp_path, bytes(damaged[: rng.integers(1, 2 * len(content))]))
        except InvalidInput:
            refusals += 1
    assert 150 < refusals < 300
