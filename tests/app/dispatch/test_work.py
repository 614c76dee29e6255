"""What real workers find, and what they say of it."""

import io
import resource
import shutil
from dataclasses import replace
from pathlib import Path
from statistics import mean

import numpy as np

from app.dispatch.messages import (
    Checked,
    CheckGradients,
    DatasetUnreadable,
    Diverged,
    Done,
    Finished,
    JudgeModel,
    Member,
    ModelDiffers,
    ModelJudged,
    ModelSaved,
    Progress,
    SaveModel,
    TrainPacks,
    WorkFailed,
)
from app.dispatch.work import GRADIENTS_PER_ARRAY
from app.dispatch.workers import Worker, Workers
from engine.training import open_dataset, train, train_pack
from engine.training.gradient_check import check_gradients
from engine.training.held_out import judge, open_test_rows
from engine.training.model import Model
from tests.app.dispatch.orders import ENDLESS, SHORT, heard, order, run
from tests.app.waiting import wait_until

MEBIBYTE = 2**20

HUGE = replace(SHORT, hidden_units=(4096, 4096))  # 67 MB of weights
MIXED = [
    SHORT,
    replace(SHORT, seed=2, learning_rate=1e29, l2=1e12),  # diverges
    replace(SHORT, seed=3, learning_rate=1e-30, epochs=9, early_stopping_patience=1),  # stops early
    replace(SHORT, seed=4, hidden_units=(32,), epochs=5),
]


def test_a_worker_finds_the_bits_that_training_finds_in_this_process(workers: Workers, dataset: Path) -> None:
    *results, last = run(workers, order(dataset, *MIXED))
    expected: dict[int, Finished | Diverged] = {}
    for number, result in enumerate(train_pack(MIXED, open_dataset(dataset)), start=100):
        told = result.epochs, result.curve, result.signals, result.signs
        if result.value is None or result.best_epoch is None:
            expected[number] = Diverged(number, str(result.failure), *told)
        else:
            found = result.value, [result.value], result.metrics, result.best_epoch
            expected[number] = Finished(number, *found, *told, epochs_trained=result.epochs)
    assert last == Done()
    assert {repr(result) for result in results} == {repr(result) for result in expected.values()}
    assert [type(result) for result in expected.values()] == [Finished, Diverged, Finished, Finished]
    assert expected[102].epochs == 2


def test_a_trial_of_several_seeds_is_told_once_all_are_done_and_each_has_the_bits_of_it_alone(
    workers: Workers, dataset: Path
) -> None:
    stopping = replace(SHORT, learning_rate=0.1, epochs=30, early_stopping_patience=1)
    fails = replace(SHORT, seed=8, learning_rate=1e29, l2=1e12)
    members = (Member(100, stopping, (2, 3)), Member(101, SHORT), Member(102, fails, (9,)))
    results = {result.number: result for result in run(workers, TrainPacks(dataset, members))[:-1]}  # type: ignore[union-attr]
    opened = open_dataset(dataset)
    alone = [train(plan, opened) for plan in members[0].plans]
    told = results[100]
    assert isinstance(told, Finished)
    assert told.seed_values == [result.value for result in alone]
    assert told.value == mean(told.seed_values)
    assert len({result.epochs for result in alone}) > 1
    assert told.epochs == max(result.epochs for result in alone)
    assert told.epochs_trained == sum(result.epochs for result in alone)
    single = results[101]
    assert isinstance(single, Finished)
    assert (single.seed_values, single.curve) == ([single.value], train(SHORT, opened).curve)
    failed = results[102]
    assert isinstance(failed, Diverged)
    assert failed.failure.startswith("training 1 of 2: the loss became NaN or infinite")


def test_a_worker_gives_up_what_is_behind_the_stop_curve_of_its_order(workers: Workers, dataset: Path) -> None:
    *found, last = run(workers, replace(order(dataset, *MIXED), stop_curve=(None, None, 0.0)))
    expected = train_pack(MIXED, open_dataset(dataset), stop_curves=[(None, None, 0.0)] * 4)
    finished = {each.number: each for each in found if isinstance(each, Finished)}
    assert last == Done()
    assert {number: each.epochs_saved for number, each in finished.items()} == {100: 0, 102: 0, 103: 2}
    assert (finished[103].value, finished[103].epochs) == (expected[3].value, 3)


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


def test_a_worker_judges_the_model_that_it_trained_again(workers: Workers, dataset: Path) -> None:
    opened = open_dataset(dataset)
    result = train(SHORT, opened)
    assert result.value is not None
    expected = judge(result, SHORT, opened, open_test_rows(dataset))
    assert run(workers, JudgeModel(dataset, SHORT, result.value)) == [ModelJudged(expected), Done()]
    assert run(workers, JudgeModel(dataset, SHORT, 0.123)) == [ModelDiffers(result.value), Done()]


def test_nothing_but_a_judgement_opens_the_test_rows(workers: Workers, dataset: Path, tmp_path: Path) -> None:
    without = Path(shutil.copytree(dataset, tmp_path / "without"))
    for part in "xy":
        (without / f"{part}_test.npy").unlink()
    value = train(SHORT, open_dataset(without)).value
    assert value is not None
    for allowed in (
        order(without, SHORT),
        CheckGradients(without, SHORT, epochs=1),
        save_order(without, tmp_path / "models" / "model.npz", value),
    ):
        assert run(workers, allowed)[-1] == Done()
    [answer] = run(workers, JudgeModel(without, SHORT, value))
    assert isinstance(answer, WorkFailed)
    assert "x_test.npy" in answer.failure


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


def limit_memory(worker: Worker, megabytes: int) -> None:
    """Let the worker's address space grow by so much and no further."""
    pages = int(Path(f"/proc/{worker.pid}/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + megabytes * MEBIBYTE
    resource.prlimit(worker.pid, resource.RLIMIT_AS, (limit, limit))


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
