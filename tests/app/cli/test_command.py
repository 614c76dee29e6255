"""The command as a whole: help, errors, exit codes, and what happens when the other end goes away."""

import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from app.client import Client
from app.supervisor import Service
from tests.app.cli.running import Outcome, Parfocal

COMMANDS = ["demo", "serve", "tune", "submit", "watch", "show", "studies", "trials", "export", "cancel", "enqueue"]
COMMANDS += ["extend", "predict", "test", "spaces", "gradient-check", "import", "datasets", "db"]
HEAVY = {"pandas", "sqlalchemy", "fastapi", "numpy", "pydantic"}


def start(*arguments: str, url: str = "", stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
    """Start the command as a process of its own."""
    environment = os.environ | {"PARFOCAL_URL": url}
    command = [sys.executable, "-m", "app.cli", *arguments]
    return subprocess.Popen(command, env=environment, text=True, stdout=stdout, stderr=subprocess.PIPE)


def run(*arguments: str, url: str = "", stdout: int = subprocess.PIPE) -> Outcome:
    process = start(*arguments, url=url, stdout=stdout)
    out, err = process.communicate(timeout=60)
    return Outcome(process.returncode, out, err)


def test_help_lists_every_command(parfocal: Parfocal) -> None:
    outcome = parfocal("--help")
    lines = outcome.out.partition("Commands:\n")[2].splitlines()
    assert outcome.exit_code == 0
    assert [line.split()[0] for line in lines] == COMMANDS
    assert not any(line.endswith("...") for line in lines)  # as a help text does that is too long for the list


def test_no_command_at_all_is_help(parfocal: Parfocal) -> None:
    assert parfocal() == parfocal("--help")
    assert parfocal("db") == parfocal("db", "--help")


def test_the_version_is_that_of_the_package(parfocal: Parfocal) -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert parfocal("--version").out == f"parfocal {project['version']}\n"


def test_help_loads_nothing_heavy() -> None:
    script = "import sys; from app.cli import main; main(['--help']); print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    loaded = set(printed.splitlines()[-1].split())
    assert "app.cli" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["watch"], "Missing argument 'STUDY'"),
        (["show", ""], "STUDY must not be empty"),
        (["trials", "any", "--limit", "0"], "Invalid value for '--limit'"),
        (["trials", "any", "--order-by", "valu"], "Invalid value for '--order-by': 'valu' is not one of"),
        (["submit", "absent.json"], "'absent.json': No such file or directory"),
        (["tune", "absent.csv", "--target", "price"], "file 'absent.csv' does not exist"),
        (["gradient-check", "--set", "epsilon"], "--set takes NAME=VALUE, but got 'epsilon'"),
        (["predict", "any", "absent.csv"], "file 'absent.csv' does not exist"),
        (["studies", "--url", "localhost"], "`url` must start with http:// or https://"),
    ],
)
def test_a_command_line_that_makes_no_sense_is_one_line_and_exit_code_2(
    parfocal: Parfocal, arguments: list[str], complaint: str
) -> None:
    outcome = parfocal(*arguments)
    assert outcome.exit_code == 2
    assert complaint in outcome.complaint
    assert "Value error" not in outcome.complaint


def test_a_setting_that_cannot_be_is_named(parfocal: Parfocal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARFOCAL_URL")
    monkeypatch.setenv("PARFOCAL_PORT", "eighty")
    outcome = parfocal("studies")
    assert outcome.exit_code == 2
    assert outcome.complaint.startswith("PARFOCAL_PORT: ")
    assert "'eighty'" in outcome.complaint


def test_without_a_service_it_says_how_to_start_one(parfocal: Parfocal, table: Path) -> None:
    for arguments in (["studies"], ["tune", str(table), "--target", "price"], ["datasets"]):
        outcome = parfocal(*arguments, "--url", "http://127.0.0.1:1")
        assert outcome.exit_code == 3
        assert "no service answers at http://127.0.0.1:1" in outcome.complaint
        assert "`make serve` or `parfocal serve`" in outcome.complaint


def test_the_url_is_that_of_the_settings_where_no_other_is_given(
    parfocal: Parfocal, running_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PARFOCAL_URL")
    monkeypatch.setenv("PARFOCAL_PORT", str(running_service.settings.port))
    assert parfocal("spaces").exit_code == 0


def test_an_option_goes_before_the_environment_wherever_it_stands(parfocal: Parfocal, table: Path) -> None:
    for place in (
        ["datasets", "--url", "http://127.0.0.1:1", "add"],
        ["datasets", "add", "--url", "http://127.0.0.1:1"],
    ):
        assert parfocal(*place, str(table), "--target", "price").exit_code == 3


def test_a_fault_of_its_own_is_one_line_too(parfocal: Parfocal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Client, "studies", lambda *_: iter([{}]))
    outcome = parfocal("studies")
    assert outcome.exit_code == 1
    assert outcome.complaint.startswith("a fault in parfocal itself: KeyError: ")


def test_a_reader_that_has_enough_is_no_error(service: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    for arguments in (["spaces"], ["spaces", "--json"], ["--help"]):
        outcome = run(*arguments, url=service, stdout=writing)
        assert (outcome.exit_code, outcome.err) == (1, "")
    os.close(writing)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_the_output_is_one_line(service: str) -> None:
    with Path("/dev/full").open("w") as full:
        for arguments in (["spaces"], ["spaces", "--json"]):
            outcome = run(*arguments, url=service, stdout=full.fileno())
            assert (outcome.exit_code, outcome.complaint) == (1, "No space left on device")


def test_a_terminal_that_lacks_a_character_shows_another(
    service: str, finished: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    outcome = run("show", finished["id"], url=service)
    assert (outcome.exit_code, outcome.err) == (0, "")
    assert outcome.out.isascii()


def test_an_interrupted_watch_leaves_the_study_running(
    service: str, client: Client, long_study: dict[str, Any]
) -> None:
    process = start("watch", long_study["id"], url=service)
    assert process.stdout
    assert "0/1000 trials" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.startswith("the study goes on; look again with parfocal watch")
    assert err.count("\n") == 1
    assert client.study(long_study["id"])["state"] in ("queued", "running")


def test_a_second_service_on_one_data_folder_is_refused_in_one_line(running_service: Service) -> None:
    outcome = run("serve", "--port", "0", "--data-dir", str(running_service.settings.data_dir))
    assert outcome.exit_code == 1
    assert "another parfocal already serves the data folder" in outcome.complaint


def test_a_service_ends_well_when_it_is_told_to(tmp_path: Path) -> None:
    process = start("serve", "--port", "0", "--workers", "1", "--data-dir", str(tmp_path))
    assert process.stdout
    assert "Parfocal is ready at http://127.0.0.1:" in process.stdout.readline()
    process.terminate()
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")


def test_the_database_is_made_where_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PARFOCAL_DATA_DIR", str(tmp_path / "data"))
    for _ in range(2):
        assert main(["db", "upgrade"]) == 0
    assert (tmp_path / "data" / "parfocal.db").exists()
    assert "has the newest schema" in capsys.readouterr().out
