"""Real worker processes: what they say, and how they end."""

import io
import multiprocessing
import multiprocessing.forkserver
import os
import resource
import shutil
import signal
import struct
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.dispatch import worker as worker_module
from app.dispatch.messages import (
    Alive,
    Checked,
    CheckGradients,
    DatasetUnreadable,
    Diverged,
    Done,
    Finished,
    Member,
    Message,
    ModelDiffers,
    ModelSaved,
    Order,
    Progress,
    SaveModel,
    TrainPack,
    WorkFailed,
)
from app.dispatch.processes import process_started
from app.dispatch.work import GRADIENTS_PER_ARRAY
from app.dispatch.worker import NICENESS
from app.dispatch.workers import Lost, NotStarted, Worker, Workers
from app.tables.samples import store_sample
from engine.training import TrainingPlan, open_dataset, train, train_pack
from engine.training.gradient_check import check_gradients
from engine.training.model import Model
from tests.app.waiting import SECONDS, wait_until

MEBIBYTE = 2**20

SHORT = TrainingPlan(seed=1, hidden_units=(9,), learning_rate=0.02, epochs=2, l2=0.1)
ENDLESS = replace(SHORT, epochs=100_000)
HUGE = replace(SHORT, hidden_units=(4096, 4096))  # 67 MB of weights
MIXED = [
    SHORT,
    replace(SHORT, seed=2, learning_rate=1e29, l2=1e12),  # diverges
    replace(SHORT, seed=3, learning_rate=1e-30, epochs=9, early_stopping_patience=1),  # stops early
    replace(SHORT, seed=4, hidden_units=(32,), epochs=5),
]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store_sample(tmp_path_factory.mktemp("datasets"), "breast-cancer").path


@pytest.fixture(scope="module")
def all_workers() -> Workers:
    return Workers(limit=3)


@pytest.fixture
def workers(all_workers: Workers) -> Iterator[Workers]:
    yield all_workers
    all_workers.kill_all()


def order(dataset: Path, *plans: TrainingPlan) -> Order:
    return TrainPack(dataset, tuple(Member(number, plan) for number, plan in enumerate(plans, start=100)))


def heard(workers: Workers, worker: Worker) -> list[Message]:
    """What a worker says, but for signs of life, before it is lost: an end that comes to every worker's pipe."""
    said: list[Message | Lost] = []
    while Lost() not in said:
        said += wait_until(lambda: [message for sender, message in workers.receive(1) if sender is worker])
    return [message for message in said if not isinstance(message, Alive | Progress | Lost)]


def run(workers: Workers, order: Order) -> list[Message]:
    worker = workers.start()
    worker.send(order)
    return heard(workers, worker)


def is_gone(worker: Worker) -> bool:
    return process_started(worker.pid) is None


def parent(worker: Worker) -> int:
    return int(Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()[1])


def state(worker: Worker) -> str:
    return Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()[0]


def limit_memory(worker: Worker, megabytes: int) -> None:
    """Let the worker's address space grow by so much and no further."""
    pages = int(Path(f"/proc/{worker.pid}/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + megabytes * MEBIBYTE
    resource.prlimit(worker.pid, resource.RLIMIT_AS, (limit, limit))


class Inside:
    """Stands for what `expression` gives inside the worker that receives it."""

    def __init__(self, expression: str, **names: Any) -> None:
        self.expression, self.names = expression, names

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (self.expression, self.names)


def test_a_worker_finds_the_bits_that_training_finds_in_this_process(workers: Workers, dataset: Path) -> None:
    *results, last = run(workers, order(dataset, *MIXED))
    expected: dict[int, Finished | Diverged] = {}
    for number, result in enumerate(train_pack(MIXED, open_dataset(dataset)), start=100):
        told = result.epochs, result.curve, result.signals, result.signs
        if result.value is None or result.best_epoch is None:
            expected[number] = Diverged(number, str(result.failure), *told)
        else:
            expected[number] = Finished(number, result.value, result.metrics, result.best_epoch, *told)
    assert last == Done()
    assert {repr(result) for result in results} == {repr(result) for result in expected.values()}
    assert [type(result) for result in expected.values()] == [Finished, Diverged, Finished, Finished]
    assert expected[102].epochs == 2


def save_order(dataset: Path, file: Path, value: float) -> SaveModel:
    return SaveModel(dataset, SHORT, value, ["a", "b"], [{"name": "x"}], file)


def test_a_worker_saves_the_model_that_it_trained_again(workers: Workers, dataset: Path, tmp_path: Path) -> None:
    opened = open_dataset(dataset)
    result = train(SHORT, opened)
    assert result.value is not None
    file = tmp_path / "models" / "model.npz"
    assert run(workers, save_order(dataset, file, result.value)) == [ModelSaved(), Done()]
    expected = io.BytesIO()
    Model.of(result, SHORT, opened, ["a", "b"], [{"name": "x"}]).save(expected)
    assert file.read_bytes() == expected.getvalue()


def test_a_model_that_comes_to_another_value_is_not_saved(workers: Workers, dataset: Path, tmp_path: Path) -> None:
    found = run(workers, save_order(dataset, tmp_path / "model.npz", value=0.123))
    assert found == [ModelDiffers(train(SHORT, open_dataset(dataset)).value), Done()]
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_cannot_be_written_is_a_failure_in_words(workers: Workers, dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    value = train(SHORT, open_dataset(dataset)).value
    assert value is not None
    [failure] = run(workers, save_order(dataset, tmp_path / "models" / "model.npz", value))
    assert isinstance(failure, WorkFailed)
    assert failure.failure.startswith("FileExistsError: ")
    assert not failure.may_pass


def test_a_worker_finds_the_verdicts_that_the_engine_finds(workers: Workers, dataset: Path) -> None:
    expected = check_gradients(SHORT, open_dataset(dataset), 3, numbers_per_array=GRADIENTS_PER_ARRAY)
    assert run(workers, CheckGradients(dataset, SHORT, epochs=3)) == [Checked(expected), Done()]


def test_members_are_heard_of_as_they_leave_the_pack(workers: Workers, dataset: Path) -> None:
    plans = [replace(SHORT, seed=epochs, epochs=epochs) for epochs in (3, 1, 2)]
    *results, _ = run(workers, order(dataset, *plans))
    assert [result.number for result in results if isinstance(result, Finished)] == [101, 102, 100]


def test_a_long_training_tells_how_far_it_is(workers: Workers, dataset: Path) -> None:
    worker = workers.start()
    worker.send(order(dataset, SHORT, ENDLESS))
    [progress] = wait_until(lambda: [said for _, said in workers.receive(1) if isinstance(said, Progress)])
    assert progress.epochs.keys() == {101}
    assert progress.epochs[101] > 2


def test_workers_are_started_up_to_a_limit_and_counted(workers: Workers) -> None:
    assert workers.free == 3
    first, second = workers.start(), workers.start()
    assert first.pid != second.pid
    assert workers.free == 1
    workers.kill(first)
    assert workers.free == 2
    workers.kill_all()
    assert workers.free == 3
    assert is_gone(first)
    assert is_gone(second)


@pytest.mark.parametrize("before_it_dies", ["ensure_running", "connect_to_new_process"])
def test_a_fork_server_that_dies_while_it_is_asked_costs_one_start_alone(
    workers: Workers, dataset: Path, monkeypatch: pytest.MonkeyPatch, before_it_dies: str
) -> None:
    working = workers.start()
    server = parent(working)
    server_started = process_started(server)
    # The module's functions are methods of this one, bound when the module was loaded.
    owner = multiprocessing.forkserver._forkserver if before_it_dies == "ensure_running" else multiprocessing.forkserver
    step = getattr(owner, before_it_dies)

    def step_and_die(*arguments: Any) -> Any:
        os.kill(server, signal.SIGSTOP)  # else it may have answered before it dies
        answer = step(*arguments)
        os.kill(server, signal.SIGKILL)
        wait_until(lambda: process_started(server) != server_started)
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(owner, before_it_dies, step_and_die)
        with pytest.raises(NotStarted):
            workers.start()
    assert workers.free == 2
    other = workers.start()
    assert parent(other) != server
    for worker in (working, other):
        worker.send(order(dataset, SHORT))
        assert heard(workers, worker)[-1] == Done()


def test_there_is_no_news_while_nobody_works(workers: Workers) -> None:
    assert workers.receive(timeout=0) == []


def test_a_worker_that_is_killed_is_lost_and_others_work_on(workers: Workers, dataset: Path) -> None:
    lost, other = workers.start(), workers.start()
    lost.send(order(dataset, ENDLESS))
    os.kill(lost.pid, signal.SIGKILL)
    assert heard(workers, lost) == []
    other.send(order(dataset, SHORT))
    assert heard(workers, other)[-1] == Done()


def test_an_order_to_a_worker_that_has_died_is_no_error_for_it_is_lost(workers: Workers, dataset: Path) -> None:
    worker = workers.start()
    os.kill(worker.pid, signal.SIGKILL)
    wait_until(lambda: is_gone(worker))
    worker.send(order(dataset, SHORT))
    assert heard(workers, worker) == []


def test_a_worker_that_was_killed_is_not_heard_of_again(workers: Workers, dataset: Path) -> None:
    first, second = workers.start(), workers.start()
    first.send(order(dataset, SHORT))
    wait_until(lambda: is_gone(first))  # it has said all it had to say
    workers.kill(first)
    second.send(order(dataset, SHORT))
    assert [type(message) for message in heard(workers, second)] == [Finished, Done]


@pytest.mark.parametrize("has_order", [False, True])
@pytest.mark.usefixtures("all_workers")  # who name the modules that the fork server loads
def test_a_worker_ends_when_its_parent_closes_the_pipe(dataset: Path, has_order: bool) -> None:
    """As the kernel does for a parent that was killed."""
    context = multiprocessing.get_context("forkserver")
    connection, other_end = context.Pipe()
    process = context.Process(target=worker_module.run, args=(other_end,), daemon=True)
    process.start()
    other_end.close()
    if has_order:
        connection.send(order(dataset, SHORT, ENDLESS))
        assert isinstance(connection.recv(), Finished)  # now it is in the midst of training
    connection.close()
    process.join(SECONDS)
    assert process.exitcode == has_order


def test_a_stopped_worker_is_killed(workers: Workers, dataset: Path) -> None:
    worker = workers.start()
    worker.send(order(dataset, ENDLESS))
    os.kill(worker.pid, signal.SIGSTOP)
    wait_until(lambda: state(worker) == "T")
    workers.kill(worker)
    assert is_gone(worker)
    assert workers.free == 3


def test_a_worker_that_stops_in_the_middle_of_a_message_holds_up_nobody(workers: Workers, dataset: Path) -> None:
    stopped, other = workers.start(), workers.start()
    half_a_message = struct.pack("!i", 1000) + b"the first of 1000 bytes"
    expression = "(os.write(forkserver.get_inherited_fds()[0], half), os.kill(os.getpid(), signal.SIGSTOP))"
    modules = {"os": Module("os"), "signal": Module("signal"), "forkserver": Module("multiprocessing.forkserver")}
    stopped.connection.send(Inside(expression, half=half_a_message, **modules))  # type: ignore[arg-type]
    wait_until(lambda: state(stopped) == "T")
    other.send(order(dataset, SHORT))
    assert [type(message) for message in heard(workers, other)] == [Finished, Done]
    os.kill(stopped.pid, signal.SIGKILL)
    assert heard(workers, stopped) == []


def test_an_order_for_a_dataset_that_is_not_there_is_answered_without_the_folders_above_it(
    workers: Workers, dataset: Path
) -> None:
    [answer] = run(workers, order(dataset.parent / "gone", SHORT))
    assert isinstance(answer, DatasetUnreadable)
    assert answer.failure.startswith("FileNotFoundError: ")
    assert "gone/dataset.json" in answer.failure
    assert str(dataset.parent) not in answer.failure


def test_a_dataset_that_is_not_whole_cannot_be_read(workers: Workers, dataset: Path, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(dataset, tmp_path / "broken"))
    (broken / "y_dev.npy").write_bytes(b"")
    [answer] = run(workers, order(broken, SHORT))
    assert isinstance(answer, DatasetUnreadable)
    assert "broken is not a whole dataset" in answer.failure
    assert str(tmp_path) not in answer.failure


def test_an_error_in_training_is_told_as_text(workers: Workers, dataset: Path) -> None:
    [answer] = run(workers, order(dataset, replace(SHORT, metric="rmse")))
    assert isinstance(answer, WorkFailed)
    assert answer.failure.startswith("InvalidField: `metric` must fit a classification task")
    assert not answer.may_pass


def test_running_out_of_memory_is_told_as_text_and_may_pass(workers: Workers, dataset: Path) -> None:
    worker = workers.start()
    limit_memory(worker, megabytes=300)
    worker.send(order(dataset, *[HUGE] * 16))
    [answer] = heard(workers, worker)
    assert isinstance(answer, WorkFailed)
    assert "MemoryError: Unable to allocate" in answer.failure
    assert answer.may_pass


def test_running_out_of_memory_over_a_dataset_is_not_the_fault_of_the_dataset(
    workers: Workers, dataset: Path, tmp_path: Path
) -> None:
    large = Path(shutil.copytree(dataset, tmp_path / "large"))
    rows = 1000 * MEBIBYTE // 4  # of a file with holes, which takes no room on the disk
    np.lib.format.open_memmap(large / "x_train.npy", mode="w+", dtype=np.float32, shape=(rows, 1))
    worker = workers.start()
    limit_memory(worker, megabytes=300)
    worker.send(order(large, SHORT))
    [answer] = heard(workers, worker)
    assert isinstance(answer, WorkFailed)
    assert "Cannot allocate memory" in answer.failure
    assert answer.may_pass


def test_a_worker_leads_a_process_group_of_its_own_at_a_lower_priority(workers: Workers) -> None:
    worker = workers.start()
    niceness = min(os.getpriority(os.PRIO_PROCESS, 0) + NICENESS, 19)
    wait_until(lambda: os.getpriority(os.PRIO_PROCESS, worker.pid) == niceness)
    assert os.getpgid(worker.pid) == worker.pid
    assert os.getsid(worker.pid) == worker.pid


def test_a_worker_loads_no_web_framework_no_sql_and_no_settings(
    workers: Workers, dataset: Path, tmp_path: Path
) -> None:
    report = tmp_path / "modules"
    expression = "(report.write_text(' '.join(sys.modules)), dataset)[1]"
    spy = Inside(expression, report=report, dataset=dataset, sys=Module("sys"))
    assert run(workers, TrainPack(spy, (Member(0, SHORT),)))[-1] == Done()  # type: ignore[arg-type]
    modules = set(report.read_text().split())
    assert {"numpy", "engine.training.train", "app.dispatch.worker"} <= modules
    unwanted = {
        "fastapi",
        "starlette",
        "uvicorn",
        "sqlalchemy",
        "pydantic",
        "pydantic_settings",
        "pandas",
        "app.settings",
    }
    assert not unwanted & modules
    assert not [name for name in modules if name.startswith(("app.settings", "app.store", "app.api"))]


def test_workers_that_came_and_went_leave_no_descriptor_and_no_thread_behind(workers: Workers, dataset: Path) -> None:
    def left() -> tuple[int, int]:
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    def come_and_go(fate: str) -> None:
        worker = workers.start()
        if fate == "works":
            worker.send(order(dataset, SHORT))
            heard(workers, worker)
        if fate == "dies":
            os.kill(worker.pid, signal.SIGKILL)
            heard(workers, worker)
        workers.kill(worker)
        assert workers.receive(0) == []  # drops what was said meanwhile

    come_and_go("works")  # the first one makes this process load and open things that stay
    before = left()
    for fate in ("works", "dies", "waits"):
        come_and_go(fate)
        assert left() == before


def test_a_worker_outlives_its_fork_server_and_the_next_one_comes_from_a_new_one(
    workers: Workers, dataset: Path
) -> None:
    old = workers.start()
    server = int(Path(f"/proc/{old.pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(server, signal.SIGKILL)
    wait_until(lambda: process_started(server) is None)
    assert run(workers, order(dataset, SHORT))[-1] == Done()
    old.send(order(dataset, SHORT))
    assert heard(workers, old)[-1] == Done()


class Module:
    """A module, which pickle does not send: it stands for the one of that name at the other end."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> tuple[Any, ...]:
        return __import__, (self.name, None, None, ("",))
