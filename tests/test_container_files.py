"""What the Dockerfile and docker-compose.yml promise, read from the files: no container engine is needed here."""

import json
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parent.parent


def instructions(keyword: str) -> list[str]:
    """Return the arguments of each `keyword` instruction of the Dockerfile, in order, continued lines joined."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    pairs = [line.split(maxsplit=1) for line in joined.splitlines() if line.strip()]
    return [arguments for name, arguments in pairs if name == keyword]


def copied_paths() -> list[str]:
    return [source for arguments in instructions("COPY") for source in arguments.split()[:-1]]


def image_environment() -> dict[str, str]:
    pairs = [pair for arguments in instructions("ENV") for pair in arguments.split()]
    return dict(pair.split("=", 1) for pair in pairs)


def image_health_command() -> list[str]:
    (check,) = instructions("HEALTHCHECK")
    command: list[str] = json.loads(check.split("CMD", 1)[1])
    return command


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return content


@pytest.fixture
def service(compose: dict[str, Any]) -> dict[str, Any]:
    (only,) = compose["services"].values()
    assert isinstance(only, dict)
    return only


def test_the_python_of_the_image_is_an_argument_and_new_enough() -> None:
    (argument,) = instructions("ARG")
    name, default = argument.split("=")
    assert instructions("FROM") == [f"python:${{{name}}}-slim"]
    assert default in SpecifierSet(project()["project"]["requires-python"])


def test_every_copied_path_exists_and_reaches_the_build() -> None:
    let_through = (ROOT / ".dockerignore").read_text().splitlines()
    assert copied_paths()
    for path in copied_paths():
        assert (ROOT / path).exists(), path
        assert f"!{path}" in let_through


def test_every_package_is_copied() -> None:
    for pattern in project()["tool"]["setuptools"]["packages"]["find"]["include"]:
        assert any(fnmatch(path, pattern) for path in copied_paths()), pattern


def test_requirements_are_installed_by_hash_and_nothing_else_is_downloaded() -> None:
    installs = [command for command in instructions("RUN") if "pip install" in command]
    assert len(installs) == 2
    assert "--require-hashes" in installs[0]
    assert installs[0].endswith("requirements.lock")
    assert "--no-index" in installs[1]


def test_the_service_does_not_run_as_root() -> None:
    user = instructions("USER")[-1]
    assert all(part.isdigit() and int(part) > 0 for part in user.split(":"))


def test_the_user_owns_the_data_folder() -> None:
    folder = image_environment()["PARFOCAL_DATA_DIR"]
    assert instructions("VOLUME") == [folder]
    (preparation,) = [command for command in instructions("RUN") if "useradd" in command]
    user_id = instructions("USER")[-1].split(":")[0]
    assert f"useradd --uid {user_id} " in preparation
    assert f"install --directory --owner parfocal --group parfocal {folder}" in " ".join(preparation.split())


def test_the_image_starts_the_command_that_the_project_installs() -> None:
    (command,) = [json.loads(arguments) for arguments in instructions("CMD")]
    assert command == ["parfocal", "serve"]
    assert command[0] in project()["project"]["scripts"]


def test_the_port_inside_the_container_is_open_to_the_one_that_is_published(service: dict[str, Any]) -> None:
    assert image_environment()["PARFOCAL_HOST"] == "0.0.0.0"
    assert [port.rsplit(":", 1)[1] for port in service["ports"]] == instructions("EXPOSE")


def test_the_port_is_published_on_loopback_alone(service: dict[str, Any]) -> None:
    assert service["ports"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_the_data_lie_on_a_named_volume(compose: dict[str, Any], service: dict[str, Any]) -> None:
    (mount,) = service["volumes"]
    name, folder = mount.split(":")
    assert name in compose["volumes"]
    assert folder == image_environment()["PARFOCAL_DATA_DIR"]


def test_the_service_comes_back_by_itself_and_has_time_to_stop(service: dict[str, Any]) -> None:
    assert service["restart"] == "unless-stopped"
    assert service["init"] is True
    assert int(service["stop_grace_period"].removesuffix("s")) > 10  # what a container gets if nothing is said


def test_compose_asks_what_the_image_asks(service: dict[str, Any]) -> None:
    assert service["healthcheck"]["test"] == ["CMD", *image_health_command()]


@pytest.mark.parametrize(("status", "is_healthy"), [(200, True), (503, False)])
def test_the_health_check_believes_readyz(status: int, is_healthy: bool) -> None:
    with server_whose_readyz_answers(status) as port:
        assert (health_check_status(port) == 0) is is_healthy


def test_the_health_check_fails_where_nobody_answers() -> None:
    with server_whose_readyz_answers(200) as port:
        pass
    assert health_check_status(port) != 0


def health_check_status(port: int) -> int:
    """Run the image's health check against `port`, behind a proxy that it must not ask, and return its status."""
    interpreter, *arguments = image_health_command()
    assert interpreter == "python"
    arguments = [argument.replace("127.0.0.1:8000/", f"127.0.0.1:{port}/") for argument in arguments]
    environment = {"http_proxy": "http://127.0.0.1:1"}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, check=False, timeout=30
    ).returncode


@contextmanager
def server_whose_readyz_answers(status: int) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
