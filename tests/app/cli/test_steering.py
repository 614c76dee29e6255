"""Steering a search from the command line: enqueue, import, extend, and the files they read."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.cli.errors import CommandError
from app.cli.trial_table import read_results, read_values
from app.client import Client
from tests.app.cli.running import SMALL_STUDY, Parfocal

PARAMETERS: list[dict[str, Any]] = [
    {"name": "learning_rate", "type": "float", "low": 0.0001, "high": 0.1},
    {"name": "hidden_units", "type": "int", "low": 8, "high": 64},
    {"name": "optimizer", "type": "categorical", "choices": ["adam", "sgd"]},
    {"name": "batch_norm", "type": "categorical", "choices": [True, False]},
]
VALUES = {"learning_rate": 0.01, "hidden_units": 16, "optimizer": "adam", "batch_norm": True}


@pytest.fixture
def complete(client: Client) -> dict[str, Any]:
    space = {"parameters": [{"name": "learning_rate", "type": "float", "low": 0.0001, "high": 0.1, "scale": "log"}]}
    return client.wait(client.create_study(SMALL_STUDY | {"name": "steered", "search_space": space})["id"])


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_what_is_added_to_a_complete_study_takes_effect_once_it_is_extended(
    parfocal: Parfocal, client: Client, complete: dict[str, Any], tmp_path: Path
) -> None:
    study_id = complete["id"]
    own = written(tmp_path, "own.json", '[{"learning_rate": 0.01}, {"learning_rate": 0.02}]')
    outcome = parfocal("enqueue", study_id, str(own))
    assert (outcome.exit_code, outcome.out) == (
        0,
        f"study {study_id} (steered): 2 trials wait to be tried once the study is extended\n",
    )
    assert f"parfocal extend {study_id} TRIALS" in outcome.err
    elsewhere = written(tmp_path, "elsewhere.csv", "learning_rate,value\n0.03,0.02\n0.004,\n")
    assert "2 trials wait to be learnt from" in parfocal("import", study_id, str(elsewhere)).out
    outcome = parfocal("extend", study_id, "4")
    assert outcome.out == f"study {study_id} (steered) goes on to {complete['trials'] + 4} trials\n"
    extended = client.wait(study_id)
    assert extended["counts"]["imported"] == 2
    trials = {trial["number"]: trial for trial in client.trials(study_id)}
    assert [trial["values"]["learning_rate"] for trial in trials.values() if trial["enqueued"]] == [0.01, 0.02]
    assert [trials[number]["value"] for number in (1_000_000, 1_000_001)] == [0.02, None]
    assert "imported" in parfocal("trials", study_id).out
    assert parfocal("show", study_id).exit_code == 0


def test_a_study_tells_what_waits_for_its_next_round(
    parfocal: Parfocal, client: Client, complete: dict[str, Any], tmp_path: Path
) -> None:
    parfocal("enqueue", complete["id"], str(written(tmp_path, "own.json", '{"learning_rate": 0.01}')))
    told = "1 trial waits to be tried once the study is extended"
    assert told in parfocal("show", complete["id"]).out
    assert [each["kind"] for each in client.arrivals(complete["id"])] == ["enqueued"]
    parfocal("extend", complete["id"], "4")
    client.wait(complete["id"])
    assert "waits" not in parfocal("show", complete["id"]).out
    assert list(client.arrivals(complete["id"])) == []


def test_a_study_can_be_imported_into_another(parfocal: Parfocal, complete: dict[str, Any], tmp_path: Path) -> None:
    export = tmp_path / "export.json"
    parfocal("export", complete["id"], "-o", str(export))
    outcome = parfocal("import", complete["id"], str(export))
    searched = complete["trials"] - 6 if complete["confirm"] else complete["trials"]
    assert f"{searched} trials wait to be learnt from" in outcome.out
    table = tmp_path / "export.csv"
    parfocal("export", complete["id"], "-o", str(table), "--format", "csv")
    assert f"{2 * searched} trials wait to be learnt from" in parfocal("import", complete["id"], str(table)).out


def test_what_lies_outside_the_space_is_refused_with_the_rule(
    parfocal: Parfocal, complete: dict[str, Any], tmp_path: Path
) -> None:
    outside = written(tmp_path, "outside.csv", "learning_rate,value\n0.03,0.02\n7,0.02\n")
    outcome = parfocal("import", complete["id"], str(outside))
    assert (outcome.exit_code, outcome.out) == (1, "")
    rule = "`learning_rate` must be a number from 0.0001 to 0.1, but got 7"
    assert outcome.complaint == f"/imported/1/values/learning_rate: {rule}"


def test_a_study_that_was_cancelled_is_not_extended(
    parfocal: Parfocal, client: Client, long_study: dict[str, Any]
) -> None:
    client.cancel_study(long_study["id"])
    outcome = parfocal("extend", long_study["id"], "3")
    assert (outcome.exit_code, "only a complete study can be extended" in outcome.complaint) == (1, True)


CSV = "optimizer,learning_rate,hidden_units,batch_norm,value,dev_loss\nadam,0.01,16,True,0.25,1.5\n"


def test_cells_are_read_as_their_parameters_are(tmp_path: Path) -> None:
    table = written(tmp_path, "trials.csv", CSV + "sgd,1e-3,8,false,,\n")
    other = {"optimizer": "sgd", "learning_rate": 0.001, "hidden_units": 8, "batch_norm": False}
    assert read_results(table, PARAMETERS) == [
        {"values": VALUES, "value": 0.25, "dev_loss": 1.5},
        {"values": other, "value": None, "dev_loss": None},
    ]


def test_a_cell_that_is_no_value_is_left_to_the_service_and_an_empty_one_is_absent(tmp_path: Path) -> None:
    table = written(tmp_path, "own.csv", "learning_rate,hidden_units\nfast,\n")
    assert read_values(table, PARAMETERS) == [{"learning_rate": "fast"}]


@pytest.mark.parametrize(
    "document",
    [[VALUES], VALUES, [{"values": VALUES}], {"trials": [{"values": VALUES}]}, {"items": [{"values": VALUES}]}],
)
def test_values_are_a_list_or_an_object_as_they_are_or_as_the_api_has_them(document: object, tmp_path: Path) -> None:
    assert read_values(written(tmp_path, "own.json", json.dumps(document)), PARAMETERS) == [VALUES]


def test_of_a_list_of_trials_the_finished_ones_are_results(tmp_path: Path) -> None:
    trials: list[dict[str, Any]] = [
        {"number": 0, "state": "complete", "values": VALUES, "value": 0.25, "metrics": {"dev_loss": 1.5}},
        {"number": 1, "state": "failed", "values": VALUES, "value": None, "metrics": None},
        {"number": 2, "state": "running", "values": VALUES, "value": None, "metrics": None},
    ]
    file = written(tmp_path, "export.json", json.dumps({"study": {}, "trials": trials}))
    assert read_results(file, PARAMETERS) == [
        {"values": VALUES, "value": 0.25, "dev_loss": 1.5},
        {"values": VALUES, "value": None, "dev_loss": None},
    ]


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("x.json", "{", "it is no valid JSON"),
        ("x.txt", CSV, "a table of trials must be called .csv"),
        ("x.json", "[1]", "it must hold a list of objects"),
        ("x.json", "[]", "it must hold a list of objects"),
        ("x.json", '[{"state": "running"}]', "it holds no finished trial"),
        (
            "x.csv",
            "lerning_rate,value\n1,2\n",
            "unknown column 'lerning_rate': the nearest known one is 'learning_rate'",
        ),
        ("x.csv", "learning_rate\n1\n", "column 'value' is required"),
        ("x.csv", "learning_rate,value\n", "it holds no trial"),
        ("x.csv", 'learning_rate,value\n"1,2\n', "it is no table in CSV"),
    ],
)
def test_a_file_that_holds_no_results_is_refused(name: str, text: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refusal:
        read_results(written(tmp_path, name, text), PARAMETERS)
    assert complaint in str(refusal.value)
