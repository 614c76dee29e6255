"""Set-up as a user meets it: `make` and `.ci/run` on machines that hold only the tools and interpreters given here."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

SETUP_TOOLS = ["awk", "bash", "cat", "df", "dirname", "du", "env", "find", "head", "make", "mkdir", "rm", "sh", "touch"]
STAND_IN_TOOLS = ["chmod", "cp"]

PYTHON = """#!/bin/sh
echo "$*" >>"{machine}/calls"
case "$*" in
*version_info*) echo {version} ;;
*ensurepip*) exit {venv_status} ;;
"-m venv .venv") mkdir .venv/bin && cp "$0" .venv/bin/python ;;
*--require-hashes*) [ ! -e "{machine}/mishap" ] || . "{machine}/mishap" ;;
*--editable*) printf '#!/bin/sh\\necho parfocal "$@"\\n' >.venv/bin/parfocal && chmod +x .venv/bin/parfocal ;;
esac
"""

MAKE_A_VENV = "-m venv .venv"


class Machine:
    """A checkout, a PATH without any real Python on it, and a record of what the stand-ins for Python were told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "programs"
        self.checkout = folder / "checkout"
        for tool in SETUP_TOOLS + STAND_IN_TOOLS:
            self._link(tool)
        for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock", "scripts/setup.sh"):
            self._copy(name)
        self._copy(".ci/run")

    def add(self, program: str, script: str) -> None:
        path = self.programs / program
        path.unlink(missing_ok=True)
        path.write_text(script)
        path.chmod(0o755)

    def add_python(self, name: str, version: str, *, has_venv: bool = True) -> None:
        self.add(name, PYTHON.format(machine=self.folder, version=version, venv_status=0 if has_venv else 1))

    def pip_meets(self, mishap: str) -> None:
        """Run the shell commands `mishap` in place of each further installation of requirements; none if empty."""
        (self.folder / "mishap").write_text(mishap)

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.programs), **variables}
        program = shutil.which(command[0]) or command[0]
        return subprocess.run(
            [program, *command[1:]],
            cwd=self.checkout,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def demo(self, **variables: str) -> None:
        """Run `make demo`, which must end well."""
        result = self.run("make", "demo", **variables)
        assert (result.returncode, result.stdout) == (0, "parfocal demo\n"), result.stderr

    @property
    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def installed_version(self) -> str:
        return self.run(".venv/bin/python", "version_info").stdout.strip()

    def _link(self, tool: str) -> None:
        self.programs.mkdir(parents=True, exist_ok=True)
        real = shutil.which(tool)
        assert real is not None, f"these tests need {tool}"
        (self.programs / tool).symlink_to(real)

    def _copy(self, name: str) -> None:
        (self.checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, self.checkout / name)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def complaint(machine: Machine, **variables: str) -> str:
    """Return the one line with which set-up refuses; that it is one line, and ends make too, is checked here."""
    alone = machine.run("sh", "scripts/setup.sh", **variables)
    under_make = machine.run("make", "demo", **variables)
    lines = [line for line in under_make.stderr.splitlines() if not line.startswith("make: ***")]
    assert alone.returncode == 1
    assert under_make.returncode == 2
    assert alone.stdout == under_make.stdout == ""
    assert alone.stderr.splitlines() == lines
    assert len(lines) == 1
    return lines[0]


def test_the_demo_installs_the_pinned_requirements_first(machine: Machine) -> None:
    machine.add_python("python3", "3.11.2")
    machine.demo()
    installs = [call for call in machine.calls if call.startswith("-m pip install")]
    assert len(installs) == 2
    assert "--require-hashes" in installs[0]
    assert installs[0].endswith("--requirement requirements.lock")
    assert "--no-index --no-deps --no-build-isolation" in installs[1]


def test_a_second_run_installs_nothing(machine: Machine) -> None:
    machine.add_python("python3", "3.11.2")
    machine.demo()
    before = machine.calls
    machine.demo()
    machine.run("make", "setup")
    assert machine.calls == before


def test_a_changed_lock_is_installed_into_the_same_environment(machine: Machine) -> None:
    machine.add_python("python3", "3.11.2")
    machine.demo()
    os.utime(machine.checkout / ".venv" / ".installed", (0, 0))
    machine.demo()
    assert machine.calls.count(MAKE_A_VENV) == 1
    assert sum("--require-hashes" in call for call in machine.calls) == 2


def test_the_environment_for_development_serves_the_demo_too(machine: Machine) -> None:
    machine.add_python("python3", "3.11.2")
    machine.run("sh", "scripts/setup.sh", "dev")
    before = machine.calls
    assert any(call.endswith("--requirement requirements-dev.lock") for call in before)
    machine.demo()
    assert machine.calls == before


@pytest.mark.parametrize("version", ["2.7.18", "3.9.2", "3.10.13"])
def test_an_old_python_is_refused_in_one_line(machine: Machine, version: str) -> None:
    machine.add_python("python3", version)
    assert complaint(machine) == (
        f"parfocal needs Python 3.11 or newer; python3 here is {version}: "
        "install a newer one or run make PYTHON=/path/to/python3.11 demo"
    )


def test_a_machine_without_python_is_refused_in_one_line(machine: Machine) -> None:
    assert complaint(machine).startswith("parfocal needs Python 3.11 or newer; python3 is missing here")


def test_a_python_without_venv_is_refused_in_one_line(machine: Machine) -> None:
    machine.add_python("python3", "3.11.2", has_venv=False)
    assert "python3 here lacks it: install it (Debian: python3-venv)" in complaint(machine)


@pytest.mark.parametrize("version", ["3.11.0", "3.12.1", "3.20.0", "4.0.0"])
def test_an_interpreter_that_is_new_enough_is_found_behind_an_old_one(machine: Machine, version: str) -> None:
    machine.add_python("python3", "3.10.13")
    machine.add_python("python3.12", version)
    machine.demo()
    assert machine.installed_version == version


def test_an_interpreter_with_venv_is_found_behind_one_without(machine: Machine) -> None:
    machine.add_python("python3", "3.11.2", has_venv=False)
    machine.add_python("python3.13", "3.13.0")
    machine.demo()
    assert machine.installed_version == "3.13.0"


def test_a_name_on_the_path_that_does_not_start_is_passed_over(machine: Machine) -> None:
    machine.add("python3", "#!/bin/sh\necho 'no version is set for python3' >&2\nexit 127\n")
    machine.add_python("python3.11", "3.11.2")
    machine.demo()


def test_the_interpreter_asked_for_is_taken_or_refused_but_never_replaced(machine: Machine) -> None:
    machine.add_python("python3", "3.11.2")
    machine.add_python("python-old", "3.8.18")
    assert "python-old here is 3.8.18" in complaint(machine, PYTHON="python-old")
    assert "python-absent is missing here" in complaint(machine, PYTHON="python-absent")


def test_the_interpreter_asked_for_may_lie_in_a_folder_with_a_space(machine: Machine) -> None:
    (machine.programs / "My Programs").mkdir()
    machine.add_python("My Programs/python", "3.12.1")
    machine.demo(PYTHON=str(machine.programs / "My Programs" / "python"))


def test_a_full_disk_is_refused_in_one_line_before_anything_is_made(machine: Machine) -> None:
    machine.add_python("python3", "3.11.2")
    line = complaint(machine, PARFOCAL_SETUP_MEGABYTES="1000000000")
    assert line.startswith("parfocal needs 1000000000 MB of free disk space to install")
    assert not (machine.checkout / ".venv").exists()


def test_a_full_disk_does_not_stop_what_is_installed(machine: Machine) -> None:
    machine.add_python("python3", "3.11.2")
    machine.demo()
    machine.demo(PARFOCAL_SETUP_MEGABYTES="1000000000")


@pytest.mark.parametrize("mishap", ["kill -9 $PPID", "touch -d 2100-01-01T00:00:00 .venv/half-a-package; exit 1"])
def test_a_set_up_broken_off_halfway_is_made_anew(machine: Machine, mishap: str) -> None:
    machine.add_python("python3", "3.11.2")
    machine.pip_meets(mishap)
    assert machine.run("make", "demo").returncode != 0
    machine.pip_meets("")
    machine.demo()
    assert machine.calls.count(MAKE_A_VENV) == 2
    assert not (machine.checkout / ".venv" / "half-a-package").exists()


def test_an_update_without_a_network_leaves_the_environment_as_it_was(machine: Machine) -> None:
    machine.add_python("python3", "3.11.2")
    machine.demo()
    machine.pip_meets("exit 1")
    result = machine.run("sh", "scripts/setup.sh", "dev")
    assert result.returncode == 1
    assert "run make again" in result.stderr
    machine.demo()
    machine.run("sh", "scripts/setup.sh", "dev")
    assert machine.calls.count(MAKE_A_VENV) == 1


def test_an_environment_whose_interpreter_is_gone_is_made_anew(machine: Machine) -> None:
    machine.add_python("python3", "3.11.2")
    machine.demo()
    (machine.checkout / ".venv" / "bin" / "python").unlink()
    os.utime(machine.checkout / ".venv" / ".installed", (0, 0))
    machine.demo()
    assert machine.calls.count(MAKE_A_VENV) == 2


def test_a_checkout_that_was_moved_is_set_up_anew(machine: Machine) -> None:
    machine.add_python("python3", "3.11.2")
    machine.demo()
    machine.checkout = machine.checkout.rename(machine.folder / "moved elsewhere")
    machine.demo()
    assert machine.calls.count(MAKE_A_VENV) == 2


class TestContinuousIntegration:
    """`.ci/run` on a Debian that has apt-get, but lacks what a project needs."""

    @pytest.fixture
    def debian(self, machine: Machine) -> Machine:
        (machine.programs / "make").unlink()
        machine.add("curl", "#!/bin/sh\n")
        machine.add("git", "#!/bin/sh\n")
        machine.add("id", "#!/bin/sh\necho 0\n")
        fake_make = "printf '#!/bin/sh\\necho made \"$@\"\\n' >{0}; chmod +x {0}".format(machine.programs / "make")
        machine.add("apt-get", f'#!/bin/sh\necho "apt-get $*"\n{fake_make}\n')
        machine.add_python("python3", "3.11.2", has_venv=False)
        return machine

    def test_missing_packages_are_installed_and_then_everything_is_tested(self, debian: Machine) -> None:
        result = debian.run("bash", ".ci/run", CI="true")
        assert result.returncode == 0, result.stderr
        assert result.stdout.splitlines()[-2:] == [
            "apt-get install --yes --quiet --no-install-recommends make python3-venv",
            "made test",
        ]

    def test_nothing_is_installed_where_nothing_is_missing(self, debian: Machine) -> None:
        debian.add_python("python3", "3.11.2")
        debian.add("make", '#!/bin/sh\necho made "$@"\n')
        assert debian.run("bash", ".ci/run").stdout == "made test\n"

    def test_sudo_helps_who_is_not_root(self, debian: Machine) -> None:
        debian.add("id", "#!/bin/sh\necho 1000\n")
        debian.add("sudo", '#!/bin/sh\nshift\nexec "$@"\n')
        assert debian.run("bash", ".ci/run").stdout.endswith("made test\n")

    def test_without_root_or_sudo_it_says_what_to_install(self, debian: Machine) -> None:
        debian.add("id", "#!/bin/sh\necho 1000\n")
        result = debian.run("bash", ".ci/run")
        assert result.returncode == 1
        assert result.stderr == (
            "cannot install make python3-venv: neither root nor sudo here; install them and run .ci/run again\n"
        )

    def test_a_failing_test_fails_the_run(self, debian: Machine) -> None:
        debian.add_python("python3", "3.11.2")
        debian.add("make", "#!/bin/sh\nexit 2\n")
        assert debian.run("bash", ".ci/run").returncode == 2
