"""One running service for all tests of the client and the command."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from app.client import Client
from app.settings import Settings
from app.supervisor import Service
from tests.app.cli.running import LONG_STUDY, SMALL_STUDY, Outcome, Parfocal


@pytest.fixture(scope="session")
def running_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with Service(Settings(data_dir=folder, database_url="", host="127.0.0.1", port=0, workers=2)) as service:
        yield service


@pytest.fixture(scope="session")
def service(running_service: Service) -> str:
    return running_service.settings.base_url


@pytest.fixture(scope="session")
def client(service: str) -> Iterator[Client]:
    with Client(service) as client:
        yield client


@pytest.fixture(scope="session")
def finished(client: Client) -> dict[str, Any]:
    """A small study that is complete."""
    return client.wait(client.create_study(SMALL_STUDY)["id"])


@pytest.fixture
def long_study(client: Client) -> Iterator[dict[str, Any]]:
    """A study that does not end by itself; it must be cancelled, or the next one waits for it."""
    study = client.create_study(LONG_STUDY)
    yield study
    if client.study(study["id"])["state"] != "cancelled":
        client.cancel_study(study["id"])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of 60 rows with a number, a text and a target that follows from both."""
    rows = [f"{row},{'ab'[row % 2]},{2 * row + 10 * (row % 2)}" for row in range(60)]
    path = tmp_path / "houses.csv"
    path.write_text("\n".join(["area,town,price", *rows]))
    return path


@pytest.fixture
def parfocal(service: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Parfocal:
    """Run the command in this process, as a client of the running service."""
    monkeypatch.setenv("PARFOCAL_URL", service)

    def run(*arguments: str, stdin: str = "") -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        exit_code = main(arguments)
        return Outcome(exit_code, *capsys.readouterr())

    return run
