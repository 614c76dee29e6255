"""A client of Parfocal's HTTP API, for the `parfocal` command and for programs.

    with Client("http://127.0.0.1:8000") as client:
        study = client.create_study({"objective": {"dataset": "digits"}})
        study = client.wait(study["id"])
        print(study["best_trial"]["values"])

Answers are the API's own documents, as plain dictionaries. Errors are ApiError (the service refused) and Unreachable
(there is no service to ask).
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from app.connection import Answer, ApiError, Connection, Unreachable, given
from app.lifecycle import JOB_LIFE, STUDY_LIFE

__all__ = ["Answer", "ApiError", "Client", "Unreachable"]

POLL_SECONDS = 0.5
# A supervisor starts a dead API again within 10 seconds, and after an update of the service it must migrate first.
OUTAGE_SECONDS = 30.0
UPLOAD_TIMEOUT_SECONDS = 600.0  # the answer comes after the table was read, checked and split

Found = TypeVar("Found")


class Client:
    """One method per question. Raises ValueError for a URL that cannot be one, else as the module says."""

    def __init__(self, url: str = "http://127.0.0.1:8000", *, transport: httpx.BaseTransport | None = None) -> None:
        self._connection = Connection(url, transport)

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def create_study(self, document: Mapping[str, Any] | bytes) -> Answer:
        """Submit a study. Bytes are sent as they stand, for the service to judge."""
        return self._connection.create("/v1/studies", document)

    def studies(self, limit: int | None = None) -> Iterator[Answer]:
        """The newest first."""
        return self._connection.items("/v1/studies", limit)

    def study(self, study_id: str) -> Answer:
        return self._connection.get(_study(study_id))

    def watch(
        self, study_id: str, *, poll_seconds: float = POLL_SECONDS, outage_seconds: float = OUTAGE_SECONDS
    ) -> Iterator[Answer]:
        """Yield the study as it is now and after each change, until it has ended.

        Outlives a service that starts again: Unreachable is raised after `outage_seconds` without an answer.
        """
        version = None
        while True:
            study = _after_outages(lambda: self.study(study_id), poll_seconds, outage_seconds)
            if study["version"] != version:
                version = study["version"]
                yield study
            if study["state"] in STUDY_LIFE.ends:
                return
            time.sleep(poll_seconds)

    def wait(self, study_id: str) -> Answer:
        """Return the study once it has ended."""
        *_, study = self.watch(study_id)
        return study

    def enqueue(self, study_id: str, values: Sequence[Mapping[str, Any]]) -> Answer:
        """Let a study try these values first when its next round opens."""
        return self._add_trials(study_id, {"enqueued": [{"values": dict(each)} for each in values]})

    def import_trials(self, study_id: str, results: Sequence[Mapping[str, Any]]) -> Answer:
        """Let a study learn from results, each with `values` and its `value`, from its next round on."""
        return self._add_trials(study_id, {"imported": [dict(each) for each in results]})

    def _add_trials(self, study_id: str, document: Mapping[str, Any]) -> Answer:
        return self._connection.create(f"{_study(study_id)}/trials", document)

    def arrivals(self, study_id: str, limit: int | None = None) -> Iterator[Answer]:
        """What waits for a study's next round to open, in the order in which it came."""
        return self._connection.items(f"{_study(study_id)}/arrivals", limit)

    def extend_study(self, study_id: str, trials: int) -> Answer:
        """Let a complete study go on with so many more trials."""
        return self._connection.create(f"{_study(study_id)}/extend", {"trials": trials})

    def cancel_study(self, study_id: str) -> Answer:
        return self._connection.ask("POST", f"{_study(study_id)}/cancel")

    def delete_study(self, study_id: str) -> None:
        self._connection.send("DELETE", _study(study_id))

    def rounds(self, study_id: str) -> list[Answer]:
        rounds: list[Answer] = self._connection.get(f"{_study(study_id)}/rounds")["items"]
        return rounds

    def importances(self, study_id: str) -> list[Answer]:
        """How much each parameter decides, the largest first."""
        found: list[Answer] = self._connection.get(f"{_study(study_id)}/importances")["importances"]
        return found

    def export(self, study_id: str, form: str = "json") -> bytes:
        """The study with its rounds and trials as JSON, or its trials as CSV: the same bytes for the same study."""
        return self._connection.send("GET", f"{_study(study_id)}/export", params={"format": form}).content

    def model(self, study_id: str) -> bytes:
        """The winner of a complete study as an NPZ file. Waits until it is made."""
        return _once_ready(lambda: self._connection.send("GET", f"{_study(study_id)}/model")).content

    def predict(self, study_id: str, rows: Sequence[Mapping[str, Any]]) -> list[Answer]:
        """What the winner answers for raw rows, a thousand at most. Waits until it is made."""
        document = {"rows": list(rows)}
        return _once_ready(lambda: self._connection.create(f"{_study(study_id)}/predict", document))["predictions"]

    def test_winner(self, study_id: str) -> Answer:
        """Let the winner of a complete study be evaluated on the test rows. Every result that is revealed counts."""
        return self._connection.ask("POST", f"{_study(study_id)}/test")

    def test_of(self, study_id: str, test_id: str) -> Answer:
        return self._connection.get(f"{_study(study_id)}/tests/{_quoted(test_id)}")

    def tests(self, study_id: str) -> list[Answer]:
        """The oldest first."""
        tests: list[Answer] = self._connection.get(f"{_study(study_id)}/tests")["items"]
        return tests

    def wait_for_test(self, study_id: str, test_id: str, *, poll_seconds: float = POLL_SECONDS) -> Answer:
        """Return it once it has ended."""
        return _once_ended(lambda: self.test_of(study_id, test_id), poll_seconds)

    def trials(
        self,
        study_id: str,
        *,
        state: str | None = None,
        round_number: int | None = None,
        order_by: str | None = None,
        limit: int | None = None,
    ) -> Iterator[Answer]:
        """Trials by number, or the best first with `order_by="value"`; without their learning curves."""
        filters = {"state": state, "round": round_number, "order_by": order_by}
        return self._connection.items(f"{_study(study_id)}/trials", limit, filters)

    def trial(self, study_id: str, number: int) -> Answer:
        """All of one trial, with its learning curve."""
        return self._connection.get(f"{_study(study_id)}/trials/{number}")

    def datasets(self, limit: int | None = None) -> Iterator[Answer]:
        """Without their columns."""
        return self._connection.items("/v1/datasets", limit)

    def dataset(self, dataset_id: str) -> Answer:
        """All of one dataset, with its columns and how each is encoded."""
        return self._connection.get(f"/v1/datasets/{_quoted(dataset_id)}")

    def upload_dataset(
        self,
        path: Path | str,
        target: str | None = None,
        *,
        name: str | None = None,
        task: str | None = None,
        split: Sequence[float] | None = None,
        split_seed: int | None = None,
        split_column: str | None = None,
        image_shape: Sequence[int] | str | None = None,
    ) -> Answer:
        """Upload a CSV file or an NPZ file, read from the disk as it is sent.

        target         the column to predict; not for an NPZ file, whose array `y` it is
        name           the file's name without its ending, where none is given
        task           "classification" or "regression"; without it the target's values decide
        split          shares of the rows for train, dev and test, drawn with `split_seed`
        split_column   the column that says train, dev or test row by row, instead
        image_shape    (height, width) or (height, width, channels) of rows that are images
        """
        path = Path(path)
        fields = {
            "name": name or path.stem,
            "target": target,
            "task": task,
            "split": None if split is None else json.dumps(list(split)),
            "split_seed": split_seed,
            "split_column": split_column,
            "image_shape": image_shape if isinstance(image_shape, str | None) else json.dumps(list(image_shape)),
        }
        with path.open("rb") as file:
            files = {"file": (path.name, file)}
            return self._connection.ask(
                "POST", "/v1/datasets", data=given(fields), files=files, timeout=UPLOAD_TIMEOUT_SECONDS
            )

    def delete_dataset(self, dataset_id: str) -> None:
        self._connection.send("DELETE", f"/v1/datasets/{_quoted(dataset_id)}")

    def search_spaces(self, limit: int | None = None) -> Iterator[Answer]:
        return self._connection.items("/v1/search-spaces", limit)

    def search_space(self, space_id: str) -> Answer:
        return self._connection.get(f"/v1/search-spaces/{_quoted(space_id)}")

    def preview_search_space(self, space_id: str, *, samples: int | None = None, seed: int | None = None) -> Answer:
        """How a space's draws are spread: quantiles and a histogram of each parameter."""
        address = f"/v1/search-spaces/{_quoted(space_id)}/preview"
        return self._connection.get(address, {"samples": samples, "seed": seed})

    def create_search_space(self, document: Mapping[str, Any] | bytes) -> Answer:
        return self._connection.create("/v1/search-spaces", document)

    def delete_search_space(self, space_id: str) -> None:
        self._connection.send("DELETE", f"/v1/search-spaces/{_quoted(space_id)}")

    def create_gradient_check(self, document: Mapping[str, Any] | bytes) -> Answer:
        """Let a worker check the gradients of a network."""
        return self._connection.create("/v1/gradient-checks", document)

    def gradient_checks(self, limit: int | None = None) -> Iterator[Answer]:
        """The newest first."""
        return self._connection.items("/v1/gradient-checks", limit)

    def gradient_check(self, check_id: str) -> Answer:
        return self._connection.get(f"/v1/gradient-checks/{_quoted(check_id)}")

    def wait_for_gradient_check(self, check_id: str, *, poll_seconds: float = POLL_SECONDS) -> Answer:
        """Return it once it has ended."""
        return _once_ended(lambda: self.gradient_check(check_id), poll_seconds)


def _after_outages(ask: Callable[[], Found], poll_seconds: float, outage_seconds: float) -> Found:
    deadline = time.monotonic() + outage_seconds
    while True:
        try:
            return ask()
        except (ApiError, Unreachable) as error:
            if not _may_pass(error) or time.monotonic() >= deadline:
                raise
        time.sleep(poll_seconds)


def _once_ended(ask: Callable[[], Answer], poll_seconds: float) -> Answer:
    """What a worker does, as it is asked for, once that has ended."""
    while True:
        job = _after_outages(ask, poll_seconds, OUTAGE_SECONDS)
        if job["state"] in JOB_LIFE.ends:
            return job
        time.sleep(poll_seconds)


def _once_ready(ask: Callable[[], Found]) -> Found:
    while True:
        try:
            return ask()
        except ApiError as error:
            if error.status != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
        time.sleep(POLL_SECONDS)


def _may_pass(error: ApiError | Unreachable) -> bool:
    """Whether the same question may be answered a little later: the fault is not in the question."""
    return isinstance(error, Unreachable) or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _study(study_id: str) -> str:
    return f"/v1/studies/{_quoted(study_id)}"


def _quoted(identifier: str) -> str:
    """One step of a path, whatever the identifier holds: a step of dots alone would lead elsewhere."""
    return quote(identifier, safe="").replace(".", "%2E")
