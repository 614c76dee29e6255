"""Studies from the command line: submitted, watched, shown, exported, cancelled."""

import json
import re
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from app.cli import main
from app.cli.diagnosis import findings
from app.client import Client
from tests.app.cli.running import SMALL_STUDY, Parfocal

QUICK_STUDY = SMALL_STUDY | {"name": "quick", "trials": 3, "confirm": None}


def test_submitting_prints_the_id_alone_and_hints_beside_it(parfocal: Parfocal, client: Client, tmp_path: Path) -> None:
    path = tmp_path / "study.json"
    path.write_text(json.dumps(QUICK_STUDY))
    outcome = parfocal("submit", str(path))
    study_id = outcome.out.strip()
    assert outcome.exit_code == 0
    assert client.wait(study_id)["name"] == "quick"
    assert f"parfocal watch {study_id}" in outcome.err


def test_a_study_can_come_from_the_standard_input_and_be_watched(parfocal: Parfocal) -> None:
    outcome = parfocal("submit", "-", "--watch", stdin=json.dumps(QUICK_STUDY))
    assert (outcome.exit_code, outcome.err) == (0, "")
    assert "complete, 3/3 trials, best dev error " in outcome.out
    assert "Best values" in outcome.out


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (
            '{"objective": {"dataset": "digitz"}}',
            "/objective/dataset: unknown dataset 'digitz': the nearest known one is",
        ),
        ('{"objective": ', "the body is no valid JSON"),
        ('{"objective": {"dataset": "digits"}, "max_seconds": 1e999}', "max_seconds"),
        ("", "required"),
    ],
)
def test_a_study_that_is_refused_is_one_line_per_rule(parfocal: Parfocal, document: str, complaint: str) -> None:
    outcome = parfocal("submit", "-", stdin=document)
    assert (outcome.exit_code, outcome.out) == (1, "")
    assert complaint in outcome.complaint


def test_two_broken_rules_are_two_lines(parfocal: Parfocal) -> None:
    outcome = parfocal("submit", "-", stdin='{"objective": {}, "trials": 0}')
    lines = outcome.err.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["/objective/dataset", "/trials"]


def test_a_study_is_found_by_id_by_name_and_by_the_beginning_of_its_id(
    parfocal: Parfocal, client: Client, finished: dict[str, Any]
) -> None:
    whole = parfocal("show", finished["id"])
    assert whole.exit_code == 0
    assert parfocal("show", "small") == whole
    others = [study["id"] for study in client.studies() if study["id"] != finished["id"]]
    alone = next(end for end in range(1, 13) if not any(other.startswith(finished["id"][:end]) for other in others))
    assert parfocal("show", finished["id"][:alone]) == whole


def test_of_two_studies_with_one_name_the_newer_is_meant(parfocal: Parfocal, client: Client) -> None:
    ids = [client.create_study(QUICK_STUDY | {"name": "twice"})["id"] for _ in range(2)]
    assert json.loads(parfocal("show", "twice", "--json").out)["id"] == ids[1]
    for study_id in ids:
        client.wait(study_id)


def test_the_beginning_of_several_ids_is_refused_with_the_ids(
    parfocal: Parfocal, monkeypatch: pytest.MonkeyPatch
) -> None:
    studies = [{"id": f"abc{number}", "name": "any"} for number in range(4)]
    monkeypatch.setattr(Client, "studies", lambda *_: iter(studies))
    outcome = parfocal("show", "abc")
    assert outcome.exit_code == 1
    assert outcome.complaint == "4 studies have an id that begins with 'abc' (abc0, abc1, abc2, …): give more of it"


def test_a_study_that_does_not_exist_is_refused(parfocal: Parfocal) -> None:
    outcome = parfocal("watch", "no such study")
    assert outcome.exit_code == 1
    assert outcome.complaint.startswith("there is no study with the id or name 'no such study'")


def test_a_study_is_shown_with_its_best_values_its_rounds_and_their_boxes(
    parfocal: Parfocal, client: Client, finished: dict[str, Any]
) -> None:
    out = parfocal("show", finished["id"]).out
    best = finished["best_trial"]
    assert out.startswith("small  complete  18 trials: 18 complete, in ")
    assert re.search(rf"^trial +{best['number']} ", out, re.MULTILINE)
    assert re.search(rf"^dev error +{100 * best['value']:.2f} % ", out, re.MULTILINE)
    assert re.search(rf"^batch_size +{best['values']['batch_size']} ", out, re.MULTILINE)
    for row in client.rounds(finished["id"]):
        low, high = row["box"]["hidden_units"]["low"], row["box"]["hidden_units"]["high"]
        assert re.search(rf" {row['number']}  [·█]{{24}}  {low} to {high} *$", out, re.MULTILINE)
    for each in client.importances(finished["id"])[:5]:
        share = each["importance"]
        line = rf"^{each['parameter']} +{100 * share:.0f} %  █{{{round(24 * share)}}} *$"
        assert re.search(line, out, re.MULTILINE), each
    assert max(map(len, out.splitlines())) <= 80


def test_finalists_are_shown_with_what_they_came_to_again_and_who_won(
    parfocal: Parfocal, client: Client, finished: dict[str, Any]
) -> None:
    out = parfocal("show", finished["id"]).out
    for number in finished["finalists"]:
        trial = client.trial(finished["id"], number)
        again = [100 * repeat["value"] for repeat in trial["repeats"]]
        means = f"{100 * trial['value']:.2f} % +{min(again):.2f} % to {max(again):.2f} %"
        assert re.search(rf"^ *{number} +{means} +{mean([100 * trial['value'], *again]):.2f} %", out, re.MULTILINE)
    winner = finished["winner"]
    assert winner["trainings"] == 4
    assert f"winner: trial {winner['number']}, with a mean dev error of {100 * winner['value']:.2f} % ± " in out


def test_a_study_is_shown_with_what_to_try_next(parfocal: Parfocal, finished: dict[str, Any]) -> None:
    out = parfocal("show", finished["id"]).out
    winner = finished["winner"]
    diagnosis = winner["diagnosis"]
    assert f"Diagnosis of trial {winner['number']}\n" in out
    assert re.search(rf"^variance +{100 * diagnosis['variance']:.2f} %", out, re.MULTILINE)
    assert re.search(rf"^findings +{re.escape(findings(diagnosis))} *$", out, re.MULTILINE)
    assert all(step in out for step in diagnosis["advice"])
    assert f"packs of {finished['mean_pack_size']:.2g} trials on average" in out


def test_what_pruning_saved_is_shown_and_pruned_trials_are_listed(parfocal: Parfocal, client: Client) -> None:
    pruning = {"type": "stop_curve", "grace_epochs": 0, "min_elites": 1}  # as harsh as can be
    study = client.wait(client.create_study(SMALL_STUDY | {"name": "pruned", "pruning": pruning})["id"])
    pruned = study["counts"]["pruned"]
    assert pruned > 0
    out = parfocal("show", study["id"]).out
    assert f"pruning saved {study['epochs_saved']:,} epochs of {pruned} trials" in out
    assert f"{pruned} pruned" in out
    listed = parfocal("trials", study["id"], "--state", "pruned").out
    assert len([line for line in listed.splitlines()[1:] if " pruned " in line]) == pruned


def test_the_rungs_of_successive_halving_are_shown(parfocal: Parfocal, client: Client) -> None:
    pruning = {"type": "successive_halving", "min_epochs": 1, "reduction_factor": 2}
    study = client.wait(client.create_study(SMALL_STUDY | {"name": "halved", "pruning": pruning})["id"])
    [first, *_] = client.rounds(study["id"])
    sizes = " → ".join(str(len(rung["trials"])) for rung in first["rungs"][1:])
    assert f"{first['trials']} (0–{first['trials'] - 1}) → {sizes} " in parfocal("show", study["id"]).out


def test_the_rungs_of_a_single_round_are_shown_and_what_they_cost_more_than_they_saved(
    parfocal: Parfocal, client: Client
) -> None:
    document = {
        "trials": 3,
        "strategy": {"type": "random"},
        "pruning": {"type": "successive_halving", "min_epochs": 3, "reduction_factor": 3},
        "objective": {"dataset": "breast-cancer", "training": {"epochs": 4}},
    }
    study = client.wait(client.create_study(document)["id"])
    assert (study["rung"], study["epochs_saved"]) == (1, 3 * 4 - (3 * 3 + 4))
    out = parfocal("show", study["id"]).out
    assert "pruning trained 1 epochs more than it saved" in out
    assert " 3 (0–2) → 1 " in out
    assert "→ so many were good enough to train on, after 3 epochs" in out
    [_, *lines] = parfocal("trials", study["id"]).out.splitlines()
    rows = [line.split()[:4] for line in lines if line.strip()[0].isdigit()]
    assert sorted(epochs for _, _, state, epochs in rows if state == "pruned") == ["3", "3"]
    assert [epochs for _, _, state, epochs in rows if state == "complete"] == ["4"]


def test_a_study_that_is_cancelled_on_its_way_up_the_rungs_tells_where_its_results_are(
    parfocal: Parfocal, client: Client
) -> None:
    document = {
        "trials": 2,
        "strategy": {"type": "random"},
        "pruning": {"type": "successive_halving", "min_epochs": 1, "reduction_factor": 2},
        "objective": {"dataset": "digits", "training": {"epochs": 100_000}},
    }
    study = client.create_study(document)
    next(seen for seen in client.watch(study["id"]) if seen["rung"])
    cancelled = parfocal("cancel", study["id"]).out
    assert cancelled == f"study {study['id']} (digits) is cancelled after 2 of 2 trials\n"
    assert f"trials {study['id']} --order-by value" in parfocal("show", study["id"]).out


def test_a_study_without_results_is_shown_too(parfocal: Parfocal, long_study: dict[str, Any]) -> None:
    outcome = parfocal("show", long_study["id"])
    assert outcome.exit_code == 0
    assert outcome.out.startswith("long  ")


def test_what_the_api_answers_can_be_had_as_it_is(parfocal: Parfocal, client: Client, finished: dict[str, Any]) -> None:
    study_id = finished["id"]
    assert json.loads(parfocal("show", study_id, "--json").out) == finished
    expected = {"items": list(client.trials(study_id, limit=2)), "next_cursor": None}
    assert json.loads(parfocal("trials", study_id, "--limit", "2", "--json").out) == expected
    assert finished in json.loads(parfocal("studies", "--json").out)["items"]


def test_the_studies_are_listed_the_newest_first(parfocal: Parfocal, client: Client) -> None:
    newest = client.wait(client.create_study(QUICK_STUDY | {"name": "newest"})["id"])
    outcome = parfocal("studies", "--limit", "2")
    heading, first, _second = outcome.out.splitlines()
    assert heading.split() == ["id", "name", "state", "trials", "best", "on", "dev", "created"]
    assert first.split()[:4] == [newest["id"], "newest", "complete", "3/3"]


def test_the_trials_are_listed_the_best_first_with_their_values(
    parfocal: Parfocal, client: Client, finished: dict[str, Any]
) -> None:
    outcome = parfocal("trials", finished["id"], "--order-by", "value", "--limit", "3")
    numbers = [line.split()[0] for line in outcome.out.splitlines()[1:] if line.strip()[0].isdigit()]
    assert numbers == [str(trial["number"]) for trial in client.trials(finished["id"], order_by="value", limit=3)]
    assert f"hidden_units={finished['best_trial']['values']['hidden_units']}" in outcome.out
    assert re.search(r"learning_rate=[0-9.e-]+ *$", outcome.out, re.MULTILINE)


def test_trials_of_one_round_or_state_alone(parfocal: Parfocal, finished: dict[str, Any]) -> None:
    listed = json.loads(parfocal("trials", finished["id"], "--round", "1", "--state", "complete", "--json").out)
    assert {trial["round"] for trial in listed["items"]} == {1}
    assert "there are no such trials" in parfocal("trials", finished["id"], "--state", "failed").err


def test_an_export_is_the_bytes_of_the_api(
    service: str,
    client: Client,
    finished: dict[str, Any],
    tmp_path: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    expected = client.export(finished["id"])
    assert main(["export", finished["id"], "--url", service]) == 0
    assert capfdbinary.readouterr().out == expected
    assert main(["export", finished["id"], "--url", service, "-o", str(tmp_path / "study.json")]) == 0
    assert (tmp_path / "study.json").read_bytes() == expected


def test_an_export_to_where_nothing_can_be_written_is_refused(
    parfocal: Parfocal, finished: dict[str, Any], tmp_path: Path
) -> None:
    outcome = parfocal("export", finished["id"], "-o", str(tmp_path / "absent" / "study.json"))
    assert outcome.exit_code == 1
    assert outcome.complaint.endswith("study.json: No such file or directory")


def test_a_cancelled_study_ends_its_watching_with_exit_code_1(parfocal: Parfocal, long_study: dict[str, Any]) -> None:
    cancelled = parfocal("cancel", long_study["id"])
    assert cancelled.exit_code == 0
    assert re.fullmatch(rf"study {long_study['id']} \(long\) is cancelled after (\d+) of 1000 trials\n", cancelled.out)
    watched = parfocal("watch", long_study["id"])
    assert watched.exit_code == 1
    assert watched.complaint == f"study {long_study['id']} was cancelled"
    assert parfocal("cancel", long_study["id"]).exit_code == 1


def test_a_study_that_failed_says_why(parfocal: Parfocal) -> None:
    hopeless = {"optimizer": "sgd", "learning_rate": 9e29, "normalize_inputs": False, "epochs": 3}
    space = {"parameters": [{"name": "l2", "type": "float", "low": 0.1, "high": 1}]}
    objective = {"dataset": "diabetes", "training": hopeless}
    document = {"objective": objective, "search_space": space, "trials": 2, "strategy": {"type": "random"}}
    outcome = parfocal("submit", "-", "--watch", stdin=json.dumps(document))
    assert outcome.exit_code == 1
    assert " has failed: " in outcome.complaint
    assert "2 trials: 2 failed" in outcome.out
    assert re.search(
        r"^Diagnosis of trial 0\nfindings +exploding *\nto try next +use a lower", outcome.out, re.MULTILINE
    )


def test_a_study_that_had_no_time_says_so_and_that_nothing_came_of_it(parfocal: Parfocal, client: Client) -> None:
    objective = {"dataset": "digits", "training": {"epochs": 100_000}}
    study = client.wait(client.create_study({"objective": objective, "trials": 2, "max_seconds": 0.1})["id"])
    out = parfocal("show", study["id"]).out
    assert "no trial completed\nended by its time limit of 0.1 seconds\n" in out


def test_a_name_is_shown_as_it_is_even_where_it_looks_like_markup(parfocal: Parfocal, client: Client) -> None:
    study = client.wait(client.create_study(QUICK_STUDY | {"name": "[red]:bell:"})["id"])
    for arguments in (["studies"], ["show", study["id"]]):
        assert "[red]:bell:" in parfocal(*arguments).out
