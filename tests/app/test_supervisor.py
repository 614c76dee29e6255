"""One service per folder and port, that comes back from any death of its parts and leaves nothing when it ends."""

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from app import supervisor
from app.errors import InsufficientStorage
from app.locks import hold_lock
from app.settings import Settings
from app.store.database import Database
from app.store.models import Dispatcher
from app.supervisor import Child, Service, StartupError
from app.tables import samples
from tests.app.processes import is_alive, needs_proc
from tests.app.waiting import wait_until

GONE_SECONDS = 5

ENDLESS = {
    "name": "endless",
    "objective": {"dataset": "digits", "training": {"epochs": 100_000}},
    "strategy": {"type": "random"},
    "trials": 64,
}


def refusal(settings: Settings) -> str:
    """The one line with which a service does not start."""
    with pytest.raises(StartupError) as caught, Service(settings):
        pytest.fail("it started")
    message = str(caught.value)
    assert "\n" not in message
    return message


@contextmanager
def serving(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`parfocal serve` as a process of its own, and where it is."""
    environment = os.environ | Settings(data_dir=data_dir, port=0, workers=2).environment()
    command = [sys.executable, "-m", "app.cli", "serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert ready.startswith("Parfocal is ready at http://127.0.0.1:")
            yield process, ready.split()[4]
        finally:
            process.kill()


def processes_of(data_dir: Path) -> dict[int, str]:
    """Every process that serves this folder, by its environment: its command."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"PARFOCAL_DATA_DIR={data_dir}" in (folder / "environ").read_text().split("\0"):
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
        except (PermissionError, FileNotFoundError, ProcessLookupError):
            continue
    return {pid: command for pid, command in found.items() if is_alive(pid)}


def kinds(processes: dict[int, str]) -> list[str]:
    """What the processes are; a worker has the command of the fork server that it comes from."""
    marks = {
        "multiprocessing.resource_tracker": "resource tracker",
        "multiprocessing.forkserver": "fork server or worker",
        "-m app.cli serve": "supervisor",
        "-m app.main": "API",
        "-m app.dispatch": "dispatcher",
    }
    return sorted(next(kind for mark, kind in marks.items() if mark in command) for command in processes.values())


WHOLE = ["API", "dispatcher", *["fork server or worker"] * 3, "resource tracker", "supervisor"]


@needs_proc
@pytest.mark.parametrize(("end", "exit_code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 0)])
def test_no_process_is_left_after_the_supervisor_has_ended(end: signal.Signals, exit_code: int, data_dir: Path) -> None:
    with serving(data_dir) as (process, url):
        httpx.post(f"{url}/v1/studies", json=ENDLESS).raise_for_status()
        wait_until(lambda: kinds(processes_of(data_dir)) == WHOLE)
        pids = processes_of(data_dir).keys()
        process.send_signal(end)
        assert process.wait() == exit_code
        wait_until(lambda: not any(map(is_alive, pids)), GONE_SECONDS)
        assert processes_of(data_dir) == {}


def test_a_second_serve_of_one_folder_is_one_clear_line(running_service: Service) -> None:
    environment = os.environ | running_service.settings.environment() | {"PARFOCAL_PORT": "0"}
    second = subprocess.run(
        [sys.executable, "-m", "app.cli", "serve"], env=environment, capture_output=True, text=True, check=False
    )
    folder = running_service.settings.data_dir
    assert second.stderr == f"parfocal: another parfocal already serves the data folder {folder}\n"
    assert (second.returncode, second.stdout) == (1, "")
    assert httpx.get(f"{running_service.settings.base_url}/readyz").is_success


def test_a_port_in_use_is_one_clear_line(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        message = refusal(settings.model_copy(update={"port": port}))
    assert message == f"cannot listen on 127.0.0.1 port {port}: {os.strerror(errno.EADDRINUSE)}"
    with hold_lock(settings.data_dir / "serve.lock"):
        pass  # it is free again


def test_a_host_that_is_not_here_is_one_clear_line(settings: Settings) -> None:
    message = refusal(settings.model_copy(update={"host": "203.0.113.1"}))  # reserved for documentation
    assert message.startswith("cannot listen on 203.0.113.1 port 0: ")


def test_a_file_where_the_folder_should_be_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    for folder in (path, path / "below"):
        message = refusal(Settings(data_dir=folder, port=0))
        assert message.startswith(f"the data folder {folder} cannot be used: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_clear_line(data_dir: Path) -> None:
    data_dir.chmod(0o500)
    assert (
        refusal(Settings(data_dir=data_dir, port=0)) == f"the data folder {data_dir} cannot be used: Permission denied"
    )


def test_a_file_that_is_no_database_is_one_clear_line(settings: Settings) -> None:
    (settings.data_dir / "parfocal.db").write_bytes(b"no database" * 1000)
    assert refusal(settings).endswith("file is not a database")


def test_a_database_of_a_later_version_is_one_clear_line(settings: Settings, database: Database) -> None:
    with database.writing() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert "'9999'" in refusal(settings)


def test_a_full_disk_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise InsufficientStorage("no space left on the disk")

    monkeypatch.setattr(samples, "store_sample", fail)
    message = refusal(Settings(data_dir=tmp_path / "data", port=0))
    assert message.endswith("cannot be used: no space left on the disk")


def test_parts_that_end_again_and_again_are_one_clear_line(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    never = shutil.which("false")
    assert never
    monkeypatch.setattr(sys, "executable", never)
    assert "ends again and again" in refusal(settings)


def test_what_a_crash_left_half_written_is_swept_away(settings: Settings) -> None:
    whole = set(settings.datasets_dir.iterdir())
    for name in (".partial-dataset", ".partial-upload"):
        (settings.datasets_dir / name).mkdir()
        (settings.datasets_dir / name / "x_train.npy").touch()
    supervisor.prepare(settings)
    assert set(settings.datasets_dir.iterdir()) == whole


def child(service: Service, name: str) -> tuple[Child, int]:
    [found] = (child for child in service.children if child.name == name)
    assert found.process is not None
    return found, found.process.pid


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid))


def test_requests_wait_while_a_killed_api_is_started_again(running_service: Service) -> None:
    url = running_service.settings.base_url
    api, pid = child(running_service, "API")
    deaths = api.deaths
    kill(pid)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: httpx.get(f"{url}/healthz", timeout=60), range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert api.deaths == deaths + 1
    assert child(running_service, "API")[1] != pid


def test_a_killed_dispatcher_is_started_again_and_goes_on(running_service: Service, service: httpx.Client) -> None:
    database = Database(running_service.settings.resolved_database_url)

    def dispatcher() -> Dispatcher:
        with database.reading() as session:
            return session.scalars(select(Dispatcher)).one()

    _, pid = child(running_service, "dispatcher")
    before = dispatcher()
    assert before.pid == pid
    kill(pid)
    request = {
        "objective": {"dataset": "diabetes", "training": {"epochs": 1}},
        "strategy": {"type": "random"},
        "trials": 2,
    }
    location = service.post("/v1/studies", json=request).raise_for_status().headers["location"]
    wait_until(lambda: service.get(location).json()["state"] == "complete")
    assert dispatcher().epoch > before.epoch
    assert dispatcher().pid == child(running_service, "dispatcher")[1] != pid
    assert service.get("/readyz").is_success
    database.dispose()


@pytest.fixture
def failing() -> Child:
    """A child that ends at once, whenever it is started."""
    return Child("child", [sys.executable, "-c", "raise SystemExit(3)"], (), dict(os.environ))


def die(child: Child) -> None:
    assert child.process is not None
    child.process.wait()


def test_a_child_that_dies_is_started_again_at_once_and_said_so(
    failing: Child, capsys: pytest.CaptureFixture[str]
) -> None:
    failing.start()
    die(failing)
    first = failing.process
    failing.restart_if_dead()
    assert failing.process is not first
    assert capsys.readouterr().err == "parfocal: the child ended (with exit code 3); starting it again\n"
    die(failing)


def test_a_child_that_dies_again_soon_waits_longer_each_time_up_to_a_limit(failing: Child) -> None:
    failing.start()
    delays = []
    for _ in range(10):
        die(failing)
        failing.started_at -= failing.delay  # as if the delay had passed
        failing.restart_if_dead()
        delays.append(failing.delay)
    assert failing.deaths == 10
    assert delays == sorted(delays)
    assert delays[0] < 1
    assert delays[-1] == delays[-2] == supervisor.LONGEST_DELAY_SECONDS
    die(failing)
    before = failing.process
    failing.restart_if_dead()
    assert failing.process is before, "it must wait"
    failing.started_at -= supervisor.SETTLED_SECONDS + supervisor.LONGEST_DELAY_SECONDS
    failing.restart_if_dead()
    assert failing.delay == supervisor.FIRST_DELAY_SECONDS
    die(failing)


def test_a_child_that_cannot_be_started_is_tried_again(failing: Child, capsys: pytest.CaptureFixture[str]) -> None:
    failing.start()
    die(failing)
    right, failing.command = failing.command, ["/nowhere/python"]
    failing.restart_if_dead()
    assert "the child cannot be started: No such file or directory" in capsys.readouterr().err
    failing.command = right
    failing.started_at -= failing.delay
    before = failing.process
    failing.restart_if_dead()
    assert failing.process is not before
    die(failing)


def test_a_killed_child_is_told_by_its_signal(capsys: pytest.CaptureFixture[str]) -> None:
    child = Child("child", [sys.executable, "-c", "import signal; signal.pause()"], (), dict(os.environ))
    child.start()
    child.kill()
    die(child)
    child.restart_if_dead()
    assert "the child ended (by SIGKILL)" in capsys.readouterr().err
    child.kill()
    die(child)
