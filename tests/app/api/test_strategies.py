"""Every strategy carries a study of the running service to its end, on a space with conditions."""

import httpx
import pytest

from tests.app.api.documents import LEARNING_RATE, choices, space, training
from tests.app.waiting import wait_until

OPTIMIZER = choices("optimizer", "momentum", "adam")
MOMENTUM = {"name": "momentum", "type": "float", "low": 0.9, "high": 0.999, "when": {"optimizer": ["momentum"]}}


@pytest.mark.parametrize("strategy", ["coarse_to_fine", "random", "quasi_random", "grid"])
def test_a_study_runs_to_its_end(strategy: str, service: httpx.Client) -> None:
    document = space(OPTIMIZER, MOMENTUM, LEARNING_RATE) | training(epochs=1, hidden_units=8)
    document |= {"strategy": {"type": strategy}, "trials": 12, "seed": 0, "confirm": None}
    address = service.post("/v1/studies", json=document).raise_for_status().headers["location"]
    study = wait_until(lambda: (answer := service.get(address).json())["state"] == "complete" and answer)
    assert study["counts"]["complete"] + study["counts"]["pruned"] == 12
    trials = service.get(f"{address}/trials").json()["items"]
    assert {(trial["values"]["optimizer"], "momentum" in trial["values"]) for trial in trials} == {
        ("adam", False),
        ("momentum", True),
    }
    shares = service.get(f"{address}/importances").json()
    assert service.get(f"{address}/export").json()["study"]["importances"] == shares["importances"]
