"""Every command of the README runs as it stands."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from app.settings import Settings
from app.supervisor import Service

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()

NOT_RUN_HERE = {
    "make demo": "test_demo runs what it runs; the installation is what CI's own run tests",
    "make serve": "the service of this test stands for it",
    "docker compose up --build": "needs a Docker engine; test_container_files reads the file",
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


SHELL = [block for block in blocks("bash") if block.strip() not in NOT_RUN_HERE]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(Settings(data_dir=tmp_path_factory.mktemp("readme"), port=0, workers=2)) as service:
        yield service


@pytest.fixture(scope="module")
def environment(service: Service, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """curl and the command reach this test's service where the README says localhost:8000."""
    home = tmp_path_factory.mktemp("curl")
    (home / ".curlrc").write_text(f'connect-to = "localhost:8000:127.0.0.1:{service.settings.port}"\n')
    return os.environ | {"CURL_HOME": str(home), "PARFOCAL_URL": service.settings.base_url}


def test_every_shell_block_is_run_here_or_says_why_not() -> None:
    assert len(SHELL) + len(NOT_RUN_HERE) == len(blocks("bash"))
    assert sum("curl" in block for block in SHELL) >= 6


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `.venv`, the example and the files that are written are."""
    checkout = tmp_path_factory.mktemp("checkout")
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "parfocal").symlink_to(Path(sys.executable).parent / "parfocal")
    python = checkout / ".venv" / "bin" / "python"  # not a link, from which it could not tell its environment
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (checkout / "examples").symlink_to(ROOT / "examples")
    return checkout


@pytest.fixture(scope="module")
def all_shell_blocks(environment: dict[str, str], checkout: Path) -> subprocess.CompletedProcess[str]:
    """Run one after another in one shell."""
    refused = next(block for block in SHELL if "lerning_rate" in block)
    # A request that is refused ends the script.
    beginning = 'set -e\ncurl() { command curl --fail --show-error "$@"; }\n'
    script = beginning + "\n".join(block for block in SHELL if block is not refused)
    return subprocess.run(
        ["bash", "-c", script], cwd=checkout, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_all_shell_blocks_run_one_after_another_in_one_shell(
    all_shell_blocks: subprocess.CompletedProcess[str], checkout: Path, service: Service
) -> None:
    done = all_shell_blocks
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((checkout / "apartments.json").read_text())["study"]["state"] == "complete"
    assert "price,predicted_price\n" in (checkout / "predictions.csv").read_text()
    studies = httpx.get(f"{service.settings.base_url}/v1/studies").json()["items"]
    assert sorted(study["name"] for study in studies) == [
        "apartments",
        "digits",
        "images",
        "momentum on digits",
        "steered",
    ]
    datasets = httpx.get(f"{service.settings.base_url}/v1/datasets").json()["items"]
    kept = sorted(dataset["name"] for dataset in datasets if not dataset["built_in"])
    assert kept == ["apartments", "images"], "one was deleted"


def test_the_refused_request_is_answered_with_the_nearest_name(environment: dict[str, str]) -> None:
    block = next(block for block in SHELL if "lerning_rate" in block)
    done = subprocess.run(["bash", "-c", block], env=environment, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["errors"] == [
        {
            "pointer": "/objective/training/lerning_rate",
            "message": "unknown training value 'lerning_rate': the nearest known one is 'learning_rate'",
        }
    ]


@pytest.mark.parametrize("block", blocks("python"))
def test_every_python_block_runs_where_the_shell_blocks_left_their_files(
    block: str, all_shell_blocks: subprocess.CompletedProcess[str], checkout: Path
) -> None:
    assert all_shell_blocks.returncode == 0
    done = subprocess.run([sys.executable, "-c", block], cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_numpy_alone_answers_what_the_service_answers(
    all_shell_blocks: subprocess.CompletedProcess[str], checkout: Path, service: Service
) -> None:
    assert all_shell_blocks.returncode == 0
    block = next(block for block in blocks("python") if "apartments.npz" in block)
    done = subprocess.run([sys.executable, "-c", block], cwd=checkout, capture_output=True, text=True, check=True)
    studies = f"{service.settings.base_url}/v1/studies"
    [study] = [study for study in httpx.get(studies).json()["items"] if study["name"] == "apartments"]
    row = {"size": 71, "rooms": 3, "built": None, "district": "harbour", "balcony": "yes"}
    [prediction] = httpx.post(f"{studies}/{study['id']}/predict", json={"rows": [row]}).json()["predictions"]
    assert float(done.stdout) == pytest.approx(prediction["value"])


def test_the_training_values_and_settings_it_names_are_all_there_are() -> None:
    from engine.training.values import RULES

    table = README[README.index("**Training values**") : README.index("**Metrics**")]
    assert set(re.findall(r"`([a-z0-9_]+)`", table)) >= RULES.keys()
    settings = {f"PARFOCAL_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"`(PARFOCAL_[A-Z_]+)`", README)) == settings


def test_what_is_not_run_here_exists() -> None:
    assert re.search(r"^demo:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert re.search(r"^serve:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
