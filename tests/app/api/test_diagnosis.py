"""What a finished trial tells of its errors, its signs and its training, in every answer alike."""

from typing import Any

import httpx
import pytest

from tests.app.waiting import wait_until

METRICS = ("error_rate", "accuracy", "precision", "recall", "f1", "log_loss", "loss")


@pytest.fixture(scope="module")
def study(service: httpx.Client) -> dict[str, Any]:
    """Good rates, rates that are far too low, and rates at which everything diverges."""
    document = {
        "seed": 3,
        "search_space": {
            "parameters": [{"name": "learning_rate", "type": "categorical", "choices": [1e-6, 0.05, 1e9]}]
        },
        "objective": {
            "dataset": "digits",
            "base_error": 0.01,
            "high_gap": 0.03,
            "training": {"optimizer": "sgd", "epochs": 8, "record_batch_losses": True},
        },
        "strategy": {"type": "random"},
        "trials": 12,
    }
    address = service.post("/v1/studies", json=document).raise_for_status().headers["location"]

    def ended() -> dict[str, Any] | None:
        answer: dict[str, Any] = service.get(address).raise_for_status().json()
        return answer if answer["state"] not in ("queued", "running") else None

    return wait_until(ended)


def trials_of(service: httpx.Client, study: dict[str, Any]) -> list[dict[str, Any]]:
    return list(service.get(f"/v1/studies/{study['id']}/trials").raise_for_status().json()["items"])


def detail(service: httpx.Client, study: dict[str, Any], trial: dict[str, Any]) -> dict[str, Any]:
    answer = service.get(f"/v1/studies/{study['id']}/trials/{trial['number']}").raise_for_status().json()
    return dict(answer)


def test_the_verdict_of_each_trial_follows_from_its_errors(service: httpx.Client, study: dict[str, Any]) -> None:
    verdicts = {
        (False, False): "good", (True, False): "high_bias", (False, True): "high_variance", (True, True): "both"
    }  # fmt: skip
    for trial in trials_of(service, study):
        diagnosis, metrics = trial["diagnosis"], trial["metrics"]
        if trial["state"] == "complete":
            bias = metrics["train_error_rate"] - 0.01
            variance = metrics["dev_error_rate"] - metrics["train_error_rate"]
            assert (diagnosis["avoidable_bias"], diagnosis["variance"]) == (bias, variance)
            assert diagnosis["verdict"] == verdicts[bias > 0.03, variance > 0.03]
        else:
            assert (diagnosis["verdict"], diagnosis["avoidable_bias"], diagnosis["variance"]) == (None, None, None)


def test_each_kind_of_rate_has_its_signs_and_advice(service: httpx.Client, study: dict[str, Any]) -> None:
    told = {
        1e-6: (["plateau"], "use adam"),
        0.05: ([], None),
        1e9: (["exploding"], "use a lower learning_rate"),
    }
    trials = trials_of(service, study)
    assert {trial["values"]["learning_rate"] for trial in trials} == told.keys()
    for trial in trials:
        signs, advice = told[trial["values"]["learning_rate"]]
        assert trial["diagnosis"]["signs"] == signs
        assert advice is None or advice in trial["diagnosis"]["advice"]


def test_the_winner_is_diagnosed_as_its_trial_and_so_in_the_export(
    service: httpx.Client, study: dict[str, Any]
) -> None:
    trials = trials_of(service, study)
    winner = trials[study["winner"]["number"]]
    assert study["winner"]["number"] == study["best_trial"]["number"]
    assert study["winner"]["diagnosis"] == winner["diagnosis"]
    document = service.get(f"/v1/studies/{study['id']}/export").json()
    assert document["study"]["winner"]["diagnosis"] == winner["diagnosis"]
    assert [trial["diagnosis"] for trial in document["trials"]] == [trial["diagnosis"] for trial in trials]
    assert (document["study"]["objective"]["base_error"], document["study"]["objective"]["high_gap"]) == (0.01, 0.03)


def test_a_complete_trial_tells_every_metric_of_its_task_on_train_and_dev(
    service: httpx.Client, study: dict[str, Any]
) -> None:
    complete = [trial for trial in trials_of(service, study) if trial["state"] == "complete"]
    assert complete
    for trial in complete:
        metrics = trial["metrics"]
        assert metrics.keys() == {f"{rows}_{name}" for rows in ("train", "dev") for name in METRICS}
        assert metrics["dev_accuracy"] == pytest.approx(1 - metrics["dev_error_rate"])


def test_one_trial_tells_gradients_saturation_and_losses_and_the_export_all_but_single_batches(
    service: httpx.Client, study: dict[str, Any]
) -> None:
    exported = service.get(f"/v1/studies/{study['id']}/export").json()["trials"]
    for listed in trials_of(service, study):
        assert not {"signals", "learning_curve"} & listed.keys()
        trial, in_export = detail(service, study, listed), exported[listed["number"]]
        signals, curve = trial["signals"], trial["learning_curve"]
        assert len(signals["first_gradient_norms"]) == len(signals["last_gradient_norms"]) == 3
        assert in_export["signals"] == signals
        batch_losses = curve.pop("batch_losses")
        assert in_export["learning_curve"] == curve
        if trial["state"] == "complete":
            assert len(signals["saturated"]) == 2
            assert len(signals["train_losses"]) == 8
            assert len(batch_losses) == 8 * 17  # 1,078 rows by 64
        else:
            assert 1 <= len(batch_losses) < 17


def test_a_study_tells_how_many_trials_trained_together(service: httpx.Client, study: dict[str, Any]) -> None:
    sizes = [trial["pack"]["size"] for trial in trials_of(service, study)]
    assert study["mean_pack_size"] == pytest.approx(len(sizes) / sum(1 / size for size in sizes))


def test_a_study_that_has_sent_nothing_has_no_mean(api: httpx.Client) -> None:
    study = api.post("/v1/studies", json={"objective": {"dataset": "digits"}}).json()
    assert study["mean_pack_size"] is None
