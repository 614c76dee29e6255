"""The client against the running service, and against services that misbehave."""

import io
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from app.client import ApiError, Client, Unreachable

PROBLEM = {"Content-Type": "application/problem+json"}

Handler = Callable[[httpx.Request], httpx.Response]


def client_of(handler: Handler) -> Client:
    return Client("http://service", transport=httpx.MockTransport(handler))


def test_a_study_is_watched_to_its_end_and_told_at_each_change(client: Client, finished: dict[str, Any]) -> None:
    study = client.create_study({"objective": finished["objective"], "trials": 4, "strategy": {"type": "random"}})
    seen = list(client.watch(study["id"], poll_seconds=0))
    versions = [told["version"] for told in seen]
    assert versions == sorted(set(versions))
    assert seen[-1]["state"] == "complete"
    assert seen[-1]["counts"]["complete"] == 4
    assert client.wait(study["id"]) == seen[-1] == client.study(study["id"])


def test_what_a_study_found_is_there_in_full(client: Client, finished: dict[str, Any]) -> None:
    rounds = client.rounds(finished["id"])
    trials = list(client.trials(finished["id"]))
    assert [row["number"] for row in rounds] == [0, 1, 2]
    assert [trial["number"] for trial in trials] == list(range(12))
    exported = json.loads(client.export(finished["id"]))
    assert [trial["values"] for trial in exported["trials"]] == [trial["values"] for trial in trials]


def test_the_model_is_waited_for(client: Client, finished: dict[str, Any]) -> None:
    row = {column["name"]: 0 for column in client.dataset("breast-cancer")["columns"]}
    [prediction] = client.predict(finished["id"], [row])
    assert prediction["class"] in prediction["probabilities"].keys() == {"benign", "malignant"}
    model = np.load(io.BytesIO(client.model(finished["id"])), allow_pickle=False)
    assert model["class_names"].tolist() == ["benign", "malignant"]


def test_only_a_model_that_is_being_made_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.client.POLL_SECONDS", 0)
    answers = iter([(503, "not ready"), (503, "not ready"), (409, "could not be made")])

    def handle(_: httpx.Request) -> httpx.Response:
        status, detail = next(answers)
        return httpx.Response(status, json={"title": "any", "detail": detail}, headers=PROBLEM)

    with client_of(handle) as client, pytest.raises(ApiError, match="could not be made"):
        client.model("any")


def test_trials_come_in_the_order_and_the_number_that_was_asked_for(client: Client, finished: dict[str, Any]) -> None:
    ranked = list(client.trials(finished["id"], order_by="value"))
    assert [trial["value"] for trial in ranked] == sorted(trial["value"] for trial in ranked)
    assert list(client.trials(finished["id"], order_by="value", limit=3)) == ranked[:3]
    assert {trial["round"] for trial in client.trials(finished["id"], round_number=2)} == {2}
    assert list(client.trials(finished["id"], state="failed")) == []


def test_one_trial_brings_its_learning_curve(client: Client, finished: dict[str, Any]) -> None:
    trial = client.trial(finished["id"], 3)
    assert trial["number"] == 3
    assert trial["learning_curve"]["epoch"] == [1, 2, 3, 4, 5]


def test_a_list_is_put_together_from_its_pages(
    client: Client, finished: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = list(client.trials(finished["id"]))
    monkeypatch.setattr("app.connection.PAGE_LIMIT", 5)
    assert list(client.trials(finished["id"])) == whole
    assert list(client.trials(finished["id"], limit=7)) == whole[:7]


def test_a_table_is_uploaded_with_its_options_and_deleted(client: Client, table: Path) -> None:
    dataset = client.upload_dataset(table, "price", task="regression", split=[0.5, 0.3, 0.2], split_seed=1)
    assert (dataset["name"], dataset["task"], dataset["target"]) == ("houses", "regression", "price")
    assert {name: split["rows"] for name, split in dataset["splits"].items()} == {"train": 30, "dev": 18, "test": 12}
    assert client.dataset(dataset["id"]) == dataset
    listed = {name: value for name, value in dataset.items() if name != "columns"}
    assert listed in client.datasets()
    client.delete_dataset(dataset["id"])
    assert listed not in client.datasets()


def test_a_column_of_the_table_can_be_its_split(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    rows = (f"{row},{row % 7},{('train', 'dev', 'test')[row % 3]}" for row in range(30))
    path.write_text("\n".join(["x,y,part", *rows]))
    dataset = client.upload_dataset(str(path), "y", name="parts", task="regression", split_column="part")
    assert dataset["name"] == "parts"
    assert [split["rows"] for split in dataset["splits"].values()] == [10, 10, 10]
    client.delete_dataset(dataset["id"])


def test_a_search_space_is_stored_listed_and_deleted(client: Client) -> None:
    document = {"name": "two", "parameters": [{"name": "l2", "type": "float", "low": 0.1, "high": 1}]}
    space = client.create_search_space(document)
    assert client.search_space(space["id"]) == space
    assert {"mlp-basic", space["id"]} <= {listed["id"] for listed in client.search_spaces()}
    client.delete_search_space(space["id"])
    with pytest.raises(ApiError, match="there is no search space"):
        client.search_space(space["id"])


def test_a_study_is_cancelled_before_it_is_deleted(client: Client, long_study: dict[str, Any]) -> None:
    with pytest.raises(ApiError, match="cancel it before you delete it") as refused:
        client.delete_study(long_study["id"])
    assert refused.value.status == 409
    assert client.cancel_study(long_study["id"])["state"] == "cancelled"


def test_a_study_that_was_deleted_is_gone(client: Client, finished: dict[str, Any]) -> None:
    study = client.create_study({"objective": finished["objective"], "trials": 1, "strategy": {"type": "random"}})
    client.wait(study["id"])
    client.delete_study(study["id"])
    with pytest.raises(ApiError, match="there is no study"):
        client.study(study["id"])


def test_a_refusal_tells_each_broken_rule_with_its_place(client: Client) -> None:
    with pytest.raises(ApiError) as refused:
        client.create_study({"objective": {}, "trials": 0})
    assert refused.value.status == 422
    places = [message.split(": ")[0] for message in refused.value.messages]
    assert places == ["/objective/dataset", "/trials"]
    assert str(refused.value) == "; ".join(refused.value.messages)


def test_bytes_are_sent_as_they_stand(client: Client) -> None:
    with pytest.raises(ApiError, match="no valid JSON"):
        client.create_study(b'{"objective": ')


@pytest.mark.parametrize("identifier", ["..", ".", "a/b", "../../docs", "?limit=1", "#", "%2e", "ä", "x" * 300])
def test_an_id_is_one_step_of_the_path_whatever_it_holds(client: Client, identifier: str) -> None:
    with pytest.raises(ApiError) as refused:
        client.dataset(identifier)
    assert refused.value.status == 404


@pytest.mark.parametrize(
    "url", ["localhost:8000", "127.0.0.1", "ftp://host", "http://", "http://[::1", "http://host:port", ""]
)
def test_what_cannot_be_the_url_of_a_service_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="`url` must"):
        Client(url)


def test_a_slash_at_the_end_of_the_url_does_no_harm(service: str, finished: dict[str, Any]) -> None:
    with Client(f"{service}/") as client:
        assert client.study(finished["id"]) == finished


def test_a_proxy_in_the_environment_does_not_hide_a_service_on_this_machine(
    service: str, finished: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for host in ("127.0.0.1", "localhost"):
        with Client(service.replace("127.0.0.1", host)) as client:
            assert client.study(finished["id"]) == finished


def test_a_port_where_nobody_listens_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with Client(f"http://127.0.0.1:{port}") as client, pytest.raises(Unreachable, match="no service answers at"):
        client.study("any")


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(200, html="<h1>a wiki</h1>"),
        httpx.Response(404, html="<h1>not here</h1>"),
        httpx.Response(302, headers={"Location": "/login"}),
        httpx.Response(502, text="bad gateway"),
    ],
    ids=lambda response: str(response.status_code),
)
def test_what_is_no_answer_of_parfocal_counts_as_unreachable(response: httpx.Response) -> None:
    with client_of(lambda _: response) as client, pytest.raises(Unreachable, match="is not Parfocal"):
        client.study("any")


def study_after(outages: list[httpx.Response | Exception], state: str = "complete") -> Handler:
    """A service that fails in the ways of `outages`, one after the other, and then tells of a study."""
    pending: Iterator[httpx.Response | Exception] = iter(outages)

    def handle(_: httpx.Request) -> httpx.Response:
        outage = next(pending, None)
        if isinstance(outage, Exception):
            raise outage
        return outage or httpx.Response(200, json={"id": "any", "version": 1, "state": state})

    return handle


def test_watching_outlives_a_service_that_starts_again() -> None:
    outages: list[httpx.Response | Exception] = [
        httpx.ConnectError("refused"),
        httpx.RemoteProtocolError("closed"),
        httpx.ReadTimeout("timed out"),
        httpx.Response(502, text="bad gateway"),
        httpx.Response(500, json={"title": "internal error"}, headers=PROBLEM),
    ]
    with client_of(study_after(outages)) as client:
        assert [study["version"] for study in client.watch("any", poll_seconds=0)] == [1]


def test_watching_ends_with_an_outage_that_lasts_too_long() -> None:
    outages: list[httpx.Response | Exception] = [httpx.ConnectError("refused"), httpx.ConnectError("refused")]
    with client_of(study_after(outages)) as client, pytest.raises(Unreachable, match="refused"):
        list(client.watch("any", poll_seconds=0, outage_seconds=0))


def test_watching_ends_at_once_when_the_study_is_gone() -> None:
    gone = httpx.Response(404, json={"title": "not found", "detail": "there is no study"}, headers=PROBLEM)
    with client_of(study_after([gone])) as client, pytest.raises(ApiError, match="there is no study"):
        list(client.watch("any"))
