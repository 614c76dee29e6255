"""The demo, on a terminal as a person sees it, and what it leaves behind: nothing."""

import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import main

COMMAND = [sys.executable, "-m", "app.cli", "demo"]


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment whose temporary folder must be empty again at the end, and which names another service's data."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    misleading = {"PARFOCAL_DATABASE_URL": "sqlite:////absent/parfocal.db", "PARFOCAL_PORT": "1", "COLUMNS": "80"}
    yield os.environ | misleading | {"TMPDIR": str(folder), "TERM": "xterm"}
    assert list(folder.iterdir()) == []


def on_a_terminal(environment: dict[str, str]) -> tuple[int, str]:
    """Run the demo on a terminal of its own; return its exit code and all it wrote, without control sequences."""
    terminal, other_end = pty.openpty()
    process = subprocess.Popen(COMMAND, env=environment, stdin=other_end, stdout=other_end, stderr=other_end)
    os.close(other_end)
    written = b"".join(_until_closed(terminal))
    os.close(terminal)
    return process.wait(), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.decode()).replace("\r", "\n")


def _until_closed(terminal: int) -> Iterator[bytes]:
    try:
        while chunk := os.read(terminal, 65536):
            yield chunk
    except OSError:  # how Linux says that nobody has the other end open any more
        return


def test_the_demo_shows_a_search_from_start_to_finish(environment: dict[str, str]) -> None:
    exit_code, written = on_a_terminal(environment)
    assert exit_code == 0, written
    bars = re.findall(r"^round (\d) of 0–3 ━.* (\d+)/100 trials best dev error .* % .*left$", written, re.MULTILINE)
    assert {number for number, _ in bars} == {"0", "1", "2", "3"}
    assert "Best values" in written
    (best,) = re.findall(r"^dev error +([\d.]+) %", written, re.MULTILINE)
    assert float(best) <= 3
    assert len(re.findall(r"^.* [0-3]  [·█]{24}  .* to ", written, re.MULTILINE)) == 4 * 4
    assert "parfocal tune table.csv --target price" in written


def test_an_interrupted_demo_leaves_nothing_behind(environment: dict[str, str]) -> None:
    pipe = subprocess.PIPE
    process = subprocess.Popen(COMMAND, env=environment, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout
    while "0/100 trials" not in process.stdout.readline():
        assert process.poll() is None
    for _ in range(2):  # the second one, of an impatient person, disturbs nothing
        process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "stopped; nothing is left behind\n")


def test_a_disk_without_room_is_one_line(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", environment["TMPDIR"])
    monkeypatch.setattr("app.cli.demo.NEEDED_MEBIBYTES", 2**40)
    assert main(["demo"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"parfocal: the demo needs \d+ MiB in .*, which has \d+: free some or set TMPDIR\n", err)


def test_a_temporary_folder_that_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    assert main(["demo"]) == 1
    message = "parfocal: the demo needs a temporary folder, but No such file or directory: set TMPDIR to one\n"
    assert capsys.readouterr().err == message
