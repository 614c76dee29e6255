"""A study from its start to its answer, over HTTP alone."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.app.api.problems import problem_of

STUDY_FIELDS = {
    "id", "name", "state", "version", "seed", "search_space", "objective", "strategy", "pruning", "trials",
    "trial_timeout_seconds", "max_seconds", "max_attempts", "round", "rounds", "arrivals", "counts", "mean_pack_size",
    "rung", "epochs_saved",
    "best_trial", "winner", "extensions", "confirm", "finalists", "warnings", "test_looks", "ended_by", "failure",
    "environment",
    "created_at", "started_at", "finished_at",
}  # fmt: skip
STATES = {"unproposed", "waiting", "running", "complete", "pruned", "failed", "cancelled", "imported"}


def trials_of(service: httpx.Client, study: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    answer = service.get(f"/v1/studies/{study['id']}/trials", params={"limit": 1000, **query})
    return list(answer.raise_for_status().json()["items"])


def rank(trial: dict[str, Any]) -> tuple[float, float, int]:
    return trial["value"], trial["metrics"]["dev_loss"], trial["number"]


def test_a_complete_study_tells_its_answer(service: httpx.Client, finished: dict[str, Any]) -> None:
    assert finished.keys() == STUDY_FIELDS
    assert (finished["state"], finished["ended_by"], finished["failure"]) == ("complete", "budget", None)
    assert finished["counts"].keys() == STATES
    assert sum(finished["counts"].values()) == 16 == finished["trials"]
    assert finished["counts"]["complete"] + finished["counts"]["failed"] == 16
    assert finished["winner"] == finished["best_trial"] | {"standard_error": None, "trainings": 1}
    assert finished["environment"].keys() >= {"numpy", "blas", "machine"}
    best = min((trial for trial in trials_of(service, finished) if trial["state"] == "complete"), key=rank)
    assert finished["best_trial"] == {field: best[field] for field in ("number", "value", "values", "diagnosis")}
    assert finished["mean_pack_size"] >= 1


def test_times_are_utc_and_in_order(finished: dict[str, Any]) -> None:
    texts = [finished[field] for field in ("created_at", "started_at", "finished_at")]
    assert all(text.endswith("Z") for text in texts)
    times = [datetime.fromisoformat(text) for text in texts]
    assert times == sorted(times)
    assert times[-1] <= datetime.now(UTC)


def test_trials_tell_what_was_tried_and_what_came_of_it(service: httpx.Client, finished: dict[str, Any]) -> None:
    trials = trials_of(service, finished)
    assert [trial["number"] for trial in trials] == list(range(16))
    for trial in trials:
        assert trial["values"].keys() == {"learning_rate", "optimizer"}
        assert trial["attempts"] == 1
        assert trial["pack"]["size"] >= 1
        assert "learning_curve" not in trial
        assert trial["started_at"] <= trial["finished_at"]
    complete, failed = ([trial for trial in trials if trial["state"] == state] for state in ("complete", "failed"))
    for trial in complete:
        names = ("rmse", "mae", "r2", "loss")
        assert trial["metrics"].keys() == {f"{rows}_{name}" for rows in ("train", "dev") for name in names}
        assert trial["value"] == trial["metrics"]["dev_rmse"]
        assert (trial["epochs"], trial["best_epoch"], trial["failure_reason"], trial["failure"]) == (5, 5, None, None)
    assert failed, "the study is made so that some diverge"
    for trial in failed:
        assert (trial["value"], trial["metrics"], trial["best_epoch"]) == (None, None, None)
        assert trial["failure_reason"] == "diverged"
        assert trial["failure"] == f"the loss became NaN or infinite in epoch {trial['epochs']}"
        assert trial["diagnosis"]["signs"] == ["exploding"]
        assert "use a lower learning_rate" in trial["diagnosis"]["advice"]
    assert all(trial["diagnosis"]["verdict"] is None for trial in trials), "regression has no error rate"


def test_one_trial_comes_with_its_curve(service: httpx.Client, finished: dict[str, Any]) -> None:
    address = f"/v1/studies/{finished['id']}/trials"
    for listed in trials_of(service, finished):
        trial = service.get(f"{address}/{listed['number']}").raise_for_status().json()
        curve, signals = trial.pop("learning_curve"), trial.pop("signals")
        assert trial.pop("repeats") == []
        assert trial == listed
        assert curve.pop("batch_losses") is None
        assert len(signals["first_gradient_norms"]) == len(signals["last_gradient_norms"]) == 3
        assert len(curve["epoch"]) == len(curve["train"]) == len(curve["dev"])
        if trial["state"] == "complete":
            assert curve["epoch"] == [1, 2, 3, 4, 5]
            assert curve["dev"][-1] == trial["value"]
            assert len(signals["saturated"]) == 2
            assert len(signals["train_losses"]) == 5


def test_trials_are_filtered_by_state_and_round(service: httpx.Client, finished: dict[str, Any]) -> None:
    every = trials_of(service, finished)
    for state in STATES - {"unproposed"}:
        assert trials_of(service, finished, state=state) == [trial for trial in every if trial["state"] == state]
    for number in (0, 1, 2):
        assert trials_of(service, finished, round=number) == [trial for trial in every if trial["round"] == number]
    assert trials_of(service, finished, state="failed", round=0, limit=1) == [
        next(trial for trial in every if trial["state"] == "failed" and trial["round"] == 0)
    ]


def test_the_best_trials_come_first_and_those_without_a_value_last(
    service: httpx.Client, finished: dict[str, Any]
) -> None:
    ordered = trials_of(service, finished, order_by="value")
    complete = [trial for trial in ordered if trial["value"] is not None]
    assert complete == sorted(complete, key=rank)
    assert ordered == complete + sorted(
        (trial for trial in ordered if trial["value"] is None), key=lambda trial: trial["number"]
    )
    assert len(complete) < len(ordered) == 16
    assert complete[0]["number"] == finished["best_trial"]["number"]


def test_rounds_tell_box_and_elites(service: httpx.Client, finished: dict[str, Any]) -> None:
    answer = service.get(f"/v1/studies/{finished['id']}/rounds").raise_for_status().json()
    assert answer["next_cursor"] is None
    first, second = answer["items"]
    assert [first["number"], second["number"]] == [0, 1]
    assert {first["state"], second["state"]} == {"closed"}
    assert (first["first_trial"], second["first_trial"]) == (0, first["trials"])
    assert first["trials"] + second["trials"] == 16
    assert first["box"]["learning_rate"] == {"low": 0.0001, "high": 10.0}
    narrow = second["box"]["learning_rate"]
    assert 0.0001 <= narrow["low"] < narrow["high"] < 10.0
    complete = sorted((t for t in trials_of(service, finished, round=0, state="complete")), key=rank)
    assert first["elites"] == [trial["number"] for trial in complete[: len(first["elites"])]]
    assert isinstance(second["borders"], list)
    assert {first["ended_by"], second["ended_by"]} == {"trials"}


def test_an_export_is_the_same_bytes_each_time(service: httpx.Client, finished: dict[str, Any]) -> None:
    address = f"/v1/studies/{finished['id']}/export"
    answer = service.get(address).raise_for_status()
    assert answer.headers["content-type"] == "application/json"
    assert answer.content == service.get(address, params={"format": "json"}).content
    document = answer.json()
    assert len(document["rounds"]) == 2
    trials = trials_of(service, finished)
    assert [trial["value"] for trial in document["trials"]] == [trial["value"] for trial in trials]
    assert all(trial["learning_curve"] for trial in document["trials"])
    dataset = service.get("/v1/datasets/diabetes").json()
    assert document["study"]["objective"]["dataset"] == dataset["content_hash"]
    assert document["study"]["best_trial"] == finished["best_trial"]


def test_an_export_holds_what_is_allowed_and_no_more(service: httpx.Client, finished: dict[str, Any]) -> None:
    """No ids, versions, times, attempts or packs: nothing that another run of the same study would have otherwise."""
    text = service.get(f"/v1/studies/{finished['id']}/export").text
    document = json.loads(text)
    assert document.keys() == {"study", "rounds", "trials"}
    assert document["study"].keys() == {
        "name", "state", "seed", "search_space", "objective", "strategy", "pruning", "extensions", "trials", "confirm",
        "finalists", "max_seconds", "round", "counts", "epochs_saved", "best_trial", "winner", "warnings", "ended_by",
        "failure", "environment", "importances",
    }  # fmt: skip
    assert document["study"]["objective"].keys() == {
        "type", "dataset", "metric", "base_error", "high_gap", "seeds", "training"
    }  # fmt: skip
    for closed in document["rounds"]:
        assert closed.keys() == {
                "number", "state", "first_trial", "trials", "arrived", "box", "stop_curve", "rungs", "elites",
                "borders", "ended_by",
            }  # fmt: skip
    for trial in document["trials"]:
        assert trial.keys() == {
            "number", "state", "round", "enqueued", "values", "value", "standard_error", "seed_values", "metrics",
            "diagnosis", "best_epoch", "epochs", "failure_reason", "failure", "learning_curve", "signals", "repeats",
        }  # fmt: skip
    assert finished["id"] not in text
    assert not any(finished[field][:16] in text for field in ("created_at", "started_at", "finished_at"))


def test_the_trials_can_be_exported_as_a_table(service: httpx.Client, finished: dict[str, Any]) -> None:
    answer = service.get(f"/v1/studies/{finished['id']}/export", params={"format": "csv"}).raise_for_status()
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    trials = trials_of(service, finished)
    assert [int(row["number"]) for row in rows] == [trial["number"] for trial in trials]
    for row, trial in zip(rows, trials, strict=True):
        assert row["state"] == trial["state"]
        assert row["value"] == ("" if trial["value"] is None else repr(trial["value"]))
        assert float(row["learning_rate"]) == trial["values"]["learning_rate"]
        assert row["optimizer"] == trial["values"]["optimizer"]
    assert finished["id"] not in answer.text


def test_a_study_can_be_exported_before_it_has_begun(api: httpx.Client) -> None:
    location = api.post("/v1/studies", json={"objective": {"dataset": "digits"}}).headers["location"]
    document = api.get(f"{location}/export").raise_for_status().json()
    assert (document["rounds"], document["trials"], document["study"]["state"]) == ([], [], "queued")


def test_a_cancelled_study_keeps_what_is_done_and_can_be_deleted(service: httpx.Client) -> None:
    document = {"objective": {"dataset": "digits", "training": {"epochs": 100_000}}, "trials": 20, "seed": 0}
    location = service.post("/v1/studies", json=document).headers["location"]
    assert "cancel it before you delete it" in problem_of(service.delete(location), 409)["detail"]
    cancelled = service.post(f"{location}/cancel").raise_for_status().json()
    assert (cancelled["state"], cancelled["ended_by"], cancelled["winner"]) == ("cancelled", "cancelled", None)
    assert cancelled["finished_at"] is not None
    assert cancelled["counts"]["waiting"] == cancelled["counts"]["running"] == 0
    assert "is cancelled and cannot become cancelled" in problem_of(service.post(f"{location}/cancel"), 409)["detail"]
    rounds = service.get(f"{location}/rounds").json()["items"]
    assert {row["ended_by"] for row in rounds} <= {"cancelled"}, "there is one if the dispatcher was quick enough"
    answer = service.delete(location)
    assert (answer.status_code, answer.content) == (204, b"")
    for gone in (location, f"{location}/trials", f"{location}/rounds", f"{location}/export", f"{location}/trials/0"):
        problem_of(service.get(gone), 404)


def test_a_complete_study_cannot_be_cancelled(service: httpx.Client, finished: dict[str, Any]) -> None:
    problem = problem_of(service.post(f"/v1/studies/{finished['id']}/cancel"), 409)
    assert problem["title"] == "conflict"
    assert "is complete" in problem["detail"]
    assert service.get(f"/v1/studies/{finished['id']}").json() == finished


@pytest.mark.usefixtures("finished")
@pytest.mark.parametrize(
    ("collection", "left_out"), [("studies", set()), ("datasets", {"columns"}), ("search-spaces", set())]
)
def test_what_is_listed_is_what_is_shown_alone(collection: str, left_out: set[str], service: httpx.Client) -> None:
    items = service.get(f"/v1/{collection}").raise_for_status().json()["items"]
    assert items
    for item in items:
        alone = service.get(f"/v1/{collection}/{item['id']}").json()
        assert item == {name: value for name, value in alone.items() if name not in left_out}
        assert left_out <= alone.keys()
