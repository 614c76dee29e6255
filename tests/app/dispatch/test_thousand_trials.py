"""A study of a thousand trials with all that a search can have answers the same for one worker and for two."""

import json
from collections import Counter
from pathlib import Path

from app.client import Client
from app.settings import Settings
from app.supervisor import Service
from tests.app.waiting import wait_until

STUDY = {
    "name": "thousand",
    "seed": 7,
    "objective": {"dataset": "digits", "seeds": 2, "training": {"epochs": 6}},
    "search_space": {
        "parameters": [
            {"name": "optimizer", "type": "categorical", "choices": ["momentum", "adam"]},
            {"name": "learning_rate", "type": "float", "low": 0.0003, "high": 0.3, "scale": "log"},
            {"name": "momentum", "type": "float", "low": 0.8, "high": 0.99, "scale": "reverse_log",
             "when": {"optimizer": ["momentum"]}},
            {"name": "beta_2", "type": "float", "low": 0.9, "high": 0.999, "scale": "reverse_log",
             "when": {"optimizer": ["adam"]}},
            {"name": "hidden_units", "type": "int", "low": 8, "high": 48},
        ]
    },
    "strategy": {"type": "coarse_to_fine", "round_size": 40},
    "trials": 1000,
    "confirm": {"finalists": 8, "repeats": 4},
}  # fmt: skip
FEW_MINUTES = 300.0  # half a minute on two quiet cores


def answer(folder: Path, workers: int) -> bytes:
    settings = Settings(data_dir=folder, port=0, workers=workers)
    with Service(settings) as service, Client(service.settings.base_url) as client:
        study = client.create_study(STUDY)["id"]
        wait_until(lambda: client.study(study)["finished_at"] is not None, FEW_MINUTES)
        return client.export(study)


def test_a_thousand_trials_with_conditions_seeds_confirmation_and_pruning(tmp_path: Path) -> None:
    one, two = (answer(tmp_path / str(workers), workers) for workers in (1, 2))
    assert one == two
    document = json.loads(one)
    states = Counter(trial["state"] for trial in document["trials"])
    assert sum(states.values()) == 1000 - 8 * 4
    assert states["pruned"] > 100
    assert states["complete"] > 100
    winner = document["study"]["winner"]["number"]
    assert winner in document["study"]["finalists"]
