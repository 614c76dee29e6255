"""Settings come from the environment, and a child process gets the same ones."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("PARFOCAL_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def settings_from(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Settings()


def test_defaults_are_for_one_machine_and_one_person(tmp_path: Path) -> None:
    settings = Settings()
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, os.cpu_count())
    assert settings.datasets_dir == tmp_path / "var" / "datasets"
    assert settings.resolved_database_url == f"sqlite:///{tmp_path}/var/parfocal.db"


def test_each_setting_has_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {
        "PARFOCAL_DATA_DIR": "/srv/parfocal",
        "PARFOCAL_DATABASE_URL": "sqlite:////srv/other.db",
        "PARFOCAL_HOST": "0.0.0.0",
        "PARFOCAL_PORT": "8123",
        "PARFOCAL_WORKERS": "3",
        "PARFOCAL_MAX_UPLOAD_MEBIBYTES": "5",
        "PARFOCAL_PACK_MEBIBYTES": "256",
        "PARFOCAL_WORKER_SILENCE_SECONDS": "12.5",
    }
    settings = settings_from(monkeypatch, environment)
    assert settings.environment() == environment
    assert settings.resolved_database_url == "sqlite:////srv/other.db"


def test_a_child_process_gets_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data_dir=Path("some where"), port=0, workers=7, worker_silence_seconds=0.25)
    assert settings_from(monkeypatch, settings.environment()) == settings


def test_a_copy_with_another_folder_has_another_database(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "one")
    assert "one" in settings.resolved_database_url
    assert settings.model_copy(update={"data_dir": tmp_path / "two"}).resolved_database_url.endswith("two/parfocal.db")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("fe80::1", "http://[fe80::1]:8000"),
        ("example.org", "http://example.org:8000"),
    ],
)
def test_a_client_on_this_machine_finds_the_service(host: str, url: str) -> None:
    assert Settings(host=host).base_url == url


@pytest.mark.parametrize(
    "wrong",
    [
        {"PARFOCAL_PORT": "65536"},
        {"PARFOCAL_PORT": "-1"},
        {"PARFOCAL_PORT": "http"},
        {"PARFOCAL_WORKERS": "0"},
        {"PARFOCAL_WORKERS": "257"},
        {"PARFOCAL_WORKERS": "two"},
        {"PARFOCAL_MAX_UPLOAD_MEBIBYTES": "0"},
        {"PARFOCAL_PACK_MEBIBYTES": "0"},
        {"PARFOCAL_WORKER_SILENCE_SECONDS": "0"},
    ],
    ids=str,
)
def test_a_wrong_setting_is_refused_by_name(wrong: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    [(variable, _)] = wrong.items()
    with pytest.raises(ValidationError, match=variable.removeprefix("PARFOCAL_").lower()):
        settings_from(monkeypatch, wrong)


def test_settings_do_not_change_once_made() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1
