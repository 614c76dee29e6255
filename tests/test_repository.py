"""What holds for the repository as a whole: it stands alone, its locks fit, its commands explain themselves."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
LOCKS = ["requirements.lock", "requirements-dev.lock"]

# Split, so that this file does not hold what it forbids.
REGISTRIES = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "index" + "-url", "find" + "-links"]
MACHINE_PATHS = ["/" + "work/", "../" + "shared"]


def repository_files() -> list[Path]:
    """Return the files that are in the repository or would be with the next commit."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("these files are no git checkout, so which of them belong to the repository is unknown")
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def pins(lock: str) -> list[tuple[Requirement, list[str]]]:
    """Return each requirement of a lock file with its hashes."""
    joined = (ROOT / lock).read_text().replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line and not line.lstrip().startswith("#")]
    return [
        (Requirement(requirement), hashes) for requirement, *hashes in (re.split(r"\s+--hash=", line) for line in lines)
    ]


def declared(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lists = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras)]
    return [Requirement(text) for requirements in lists for text in requirements]


@pytest.mark.parametrize("forbidden", [*REGISTRIES, *MACHINE_PATHS])
def test_no_file_names_a_registry_or_a_place_on_one_machine(forbidden: str) -> None:
    files = repository_files()
    assert ROOT / "Makefile" in files
    assert [path for path in files if forbidden.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_has_hashes(lock: str) -> None:
    assert pins(lock)
    for requirement, hashes in pins(lock):
        assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value.strip()) for value in hashes), requirement


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert all(requirement.url is None for requirement, _ in pins(lock))


@pytest.mark.parametrize(
    ("lock", "extras"), [("requirements.lock", ["build"]), ("requirements-dev.lock", ["build", "dev"])]
)
def test_a_lock_fits_what_the_project_declares(lock: str, extras: list[str]) -> None:
    for wanted in declared(*extras):
        versions = [pin.specifier for pin, _ in pins(lock) if pin.name == wanted.name]
        assert versions, f"{wanted.name} is not in {lock}: run make lock"
        for version in versions:
            assert wanted.specifier.contains(str(version).removeprefix("==")), (
                f"{wanted} against {version}: run make lock"
            )


def test_the_lock_for_development_holds_the_other_one_whole() -> None:
    development = {(str(pin), *hashes) for pin, hashes in pins("requirements-dev.lock")}
    assert {(str(pin), *hashes) for pin, hashes in pins("requirements.lock")} <= development


def test_make_help_explains_every_command() -> None:
    commands = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    explained = dict(re.findall(r"^make ([a-z-]+) +(\S.*)$", shown, flags=re.MULTILINE))
    assert {"setup", "demo", "serve", "test", "lint", "format", "lock", "help"} <= set(commands)
    assert list(explained) == commands


def test_make_help_is_what_make_alone_does() -> None:
    plain, asked = (
        subprocess.run(["make", *goal], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for goal in ([], ["help"])
    )
    assert plain == asked
