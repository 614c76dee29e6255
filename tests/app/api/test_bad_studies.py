"""Every wrong study is answered with the field, its value and the rule, and nothing of it is kept."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from tests.app.api.problems import field_error, problem_of
from tests.app.api.serving import serving

Stored = Callable[[], dict[str, object]]

LEARNING_RATE = {"name": "learning_rate", "type": "float", "low": 0.001, "high": 0.1, "scale": "log"}
DATASETS = ["breast-cancer", "diabetes", "digits"]


def study(**fields: Any) -> dict[str, Any]:
    return {"objective": {"dataset": "digits"}, **fields}


def objective(**fields: Any) -> dict[str, Any]:
    return {"objective": {"dataset": "digits", **fields}}


def training(**values: Any) -> dict[str, Any]:
    return objective(training=values)


def space(*parameters: object, **fields: Any) -> dict[str, Any]:
    return study(search_space={"parameters": list(parameters), **fields})


def parameter(**fields: Any) -> dict[str, Any]:
    return space(LEARNING_RATE | fields)


def integer(**fields: Any) -> dict[str, Any]:
    return space({"name": "hidden_units", "type": "int", "low": 16, "high": 64, **fields})


def choices(name: str, *values: object) -> dict[str, Any]:
    return {"name": name, "type": "categorical", "choices": list(values)}


def strategy(**fields: Any) -> dict[str, Any]:
    return study(strategy={"type": "coarse_to_fine", **fields})


class Wrong(NamedTuple):
    document: object
    pointer: str
    parts: tuple[str, ...]  # of the message


def nearest(kind: str, name: str, known: str) -> tuple[str, ...]:
    return (f"unknown {kind} {name!r}", f"the nearest known one is {known!r}")


UNKNOWN_NAMES = [
    Wrong(study(tirals=10), "/tirals", nearest("field", "tirals", "trials")),
    Wrong(objective(datset="digits"), "/objective/datset", nearest("field", "datset", "dataset")),
    Wrong(objective(metric="eror_rate"), "/objective/metric", ("'eror_rate'", "'error_rate'")),
    Wrong(training(lerning_rate=1), "/objective/training/lerning_rate", ("'lerning_rate'", "'learning_rate'")),
    Wrong(training(**{"a/b~c": 1}), "/objective/training/a~1b~0c", ("'a/b~c'",)),
    Wrong(training(activation="rulu"), "/objective/training/activation", ("activation", "'rulu'", "'relu'")),
    Wrong(strategy(rouns=3), "/strategy/rouns", ("'rouns'", "'rounds'")),
    Wrong(study(strategy={"type": "randon"}), "/strategy/type", ("'randon'", "'random'")),
    Wrong(study(search_space={"parametres": []}), "/search_space/parametres", ("'parametres'", "'parameters'")),
    Wrong(parameter(hihg=1), "/search_space/parameters/0/hihg", ("'hihg'", "'high'")),
    Wrong(parameter(type="flaot"), "/search_space/parameters/0/type", ("'flaot'", "'float'")),
    Wrong(parameter(scale="lgo"), "/search_space/parameters/0/scale", ("'lgo'", "'log'")),
    Wrong(parameter(name="learn_rate"), "/search_space/parameters/0/name", ("'learn_rate'", "'learning_rate'")),
    Wrong(
        space(LEARNING_RATE, choices("optimizer", "adam", "momentun")),
        "/search_space/parameters/1/choices/1",
        ("'momentun'", "'momentum'"),
    ),
]

REFERENCES = [
    Wrong(objective(dataset="digit"), "/objective/dataset", nearest("dataset", "digit", "digits")),
    Wrong(objective(dataset=str(2**70)), "/objective/dataset", ("unknown dataset", str(2**70))),
    Wrong(objective(dataset=""), "/objective/dataset", ("unknown dataset ''",)),
    Wrong(study(search_space="mlp-basics"), "/search_space", nearest("search space", "mlp-basics", "mlp-basic")),
    Wrong(study(search_space=str(2**70)), "/search_space", ("unknown search space", str(2**70))),
]

RANGES = [
    Wrong(parameter(low=1, high=0.5), "/search_space/parameters/0/low", ("`low < high`", "low=1.0, high=0.5")),
    Wrong(parameter(low=1, high=1), "/search_space/parameters/0/low", ("`low < high`", "low=1.0, high=1.0")),
    Wrong(integer(low=64, high=16), "/search_space/parameters/0/low", ("`low < high`", "low=64, high=16")),
    Wrong(parameter(low=0), "/search_space/parameters/0/low", ("low", "log", "0")),
    Wrong(parameter(low=-1), "/search_space/parameters/0/low", ("low", "log", "-1")),
    Wrong(
        space({"name": "momentum", "type": "float", "low": 0.9, "high": 1, "scale": "reverse_log"}),
        "/search_space/parameters/0/high",
        ("high", "reverse_log", "1"),
    ),
    Wrong(integer(step=5), "/search_space/parameters/0/high", ("`high - low`", "`step`", "step=5", "66")),
    Wrong(integer(step=0), "/search_space/parameters/0/step", ("step", "0")),
    Wrong(integer(low=0), "/search_space/parameters/0/low", ("`hidden_units`", "from 1", "0")),
    Wrong(integer(high=10**6), "/search_space/parameters/0/high", ("`hidden_units`", "4096", "1000000")),
    Wrong(integer(high=10**400), "/search_space/parameters/0/high", ("high",)),
    Wrong(parameter(high=10**400), "/search_space/parameters/0/high", ("`high` must be a finite number",)),
    Wrong(space(choices("batch_size")), "/search_space/parameters/0/choices", ("`choices`", "0")),
    Wrong(space(choices("batch_size", 32, 32)), "/search_space/parameters/0/choices/1", ("differ", "32")),
    Wrong(space(choices("batch_size", 0, 32)), "/search_space/parameters/0/choices/0", ("`batch_size`", "0")),
    Wrong(space(LEARNING_RATE, LEARNING_RATE), "/search_space/parameters/1/name", ("'learning_rate'", "twice")),
    Wrong(space(), "/search_space/parameters", ("`parameters`", "1 to 100", "0")),
    Wrong(study(trials=3), "/trials", ("`trials >= rounds`", "trials=3", "rounds=4")),
    Wrong(strategy(rounds=200), "/strategy/rounds", ("rounds", "100", "200")),
    Wrong(strategy(margin=-0.1), "/strategy/margin", ("margin", "-0.1")),
    Wrong(strategy(first_round_share=0), "/strategy/first_round_share", ("first_round_share", "0")),
    Wrong(strategy(elite_fraction=1.5), "/strategy/elite_fraction", ("elite_fraction", "1.5")),
    Wrong(study(trials=0), "/trials", ("`trials`", "greater than or equal to 1", "0")),
    Wrong(study(trials=20_001), "/trials", ("`trials`", "20000", "20001")),
    Wrong(study(trials=10**400), "/trials", ("`trials`", "20000")),
    Wrong(study(seed=-1), "/seed", ("`seed`", "-1")),
    Wrong(study(seed=2**53), "/seed", ("`seed`", str(2**53 - 1), str(2**53))),
    Wrong(study(trial_timeout_seconds=0), "/trial_timeout_seconds", ("`trial_timeout_seconds`", "greater than 0")),
    Wrong(study(max_seconds=-1), "/max_seconds", ("`max_seconds`", "greater than 0", "-1")),
    Wrong(study(max_attempts=0), "/max_attempts", ("`max_attempts`", "0")),
    Wrong(study(name=""), "/name", ("`name`", "at least 1 character")),
    Wrong(study(name="x" * 201), "/name", ("`name`", "at most 200 characters")),
]

RULES = [
    Wrong(training(epochs=0), "/objective/training/epochs", ("`epochs`", "from 1", "0")),
    Wrong(training(epochs=1.5), "/objective/training/epochs", ("`epochs`", "whole number", "1.5")),
    Wrong(training(epochs=True), "/objective/training/epochs", ("`epochs`", "whole number", "True")),
    Wrong(training(learning_rate="fast"), "/objective/training/learning_rate", ("`learning_rate`", "'fast'")),
    Wrong(training(learning_rate=0), "/objective/training/learning_rate", ("`learning_rate`", "above 0")),
    Wrong(training(learning_rate=10**400), "/objective/training/learning_rate", ("`learning_rate`", "below 1e+30")),
    Wrong(training(momentum=1), "/objective/training/momentum", ("`momentum`", "below 1")),
    Wrong(training(hidden_units_3=0), "/objective/training/hidden_units_3", ("`hidden_units_3`", "from 1")),
    Wrong(training(hidden_layers=99), "/objective/training/hidden_layers", ("`hidden_layers`", "10", "99")),
    Wrong(training(normalize_inputs=1), "/objective/training/normalize_inputs", ("`normalize_inputs`", "true")),
    Wrong(training(early_stopping_patience=0), "/objective/training/early_stopping_patience", ("or null", "0")),
]

TOGETHER = [  # what is wrong only beside the rest
    Wrong(
        {"objective": {"dataset": "digits", "metric": "rmse"}},
        "/objective/metric",
        ("classification", "error_rate", "'rmse'"),
    ),
    Wrong({"objective": {"dataset": "diabetes", "metric": "f1"}}, "/objective/metric", ("regression", "rmse", "'f1'")),
    Wrong(
        space(LEARNING_RATE) | training(learning_rate=0.01),
        "/objective/training/learning_rate",
        ("`learning_rate`", "0.01", "search space"),
    ),
    Wrong(
        space({"name": "momentum", "type": "float", "low": 0.5, "high": 0.9}),
        "/search_space/parameters/0/name",
        ("no effect", "'momentum'", "'adam'"),
    ),
    Wrong(
        space({"name": "beta_2", "type": "float", "low": 0.5, "high": 0.9}) | training(optimizer="sgd"),
        "/search_space/parameters/0/name",
        ("no effect", "'adam'", "'sgd'"),
    ),
    Wrong(
        space({"name": "hidden_units_3", "type": "int", "low": 5, "high": 9}),
        "/search_space/parameters/0/name",
        ("no effect", "`hidden_layers` is at most 2"),
    ),
    Wrong(
        space(
            {"name": "hidden_units", "type": "int", "low": 5, "high": 9},
            {"name": "hidden_units_1", "type": "int", "low": 5, "high": 9},
        )
        | training(hidden_layers=1),
        "/search_space/parameters/0/name",
        ("no effect", "each layer has its own"),
    ),
    Wrong(  # a later parameter is wrong in itself
        space(LEARNING_RATE, choices("hidden_layers", "two", 3)),
        "/search_space/parameters/1/choices/0",
        ("`hidden_layers`", "'two'"),
    ),
    Wrong(
        space(LEARNING_RATE, {"name": "hidden_layers", "type": "float", "low": 1.5, "high": 2.5}),
        "/search_space/parameters/1/low",
        ("`hidden_layers`", "1.5"),
    ),
]

WRONG_TYPES = [
    Wrong([], "", ("object", "[]")),
    Wrong("digits", "", ("object", "'digits'")),
    Wrong(None, "", ("object", "None")),
    Wrong({}, "/objective", ("`objective` is required",)),
    Wrong({"objective": {}}, "/objective/dataset", ("`dataset` is required",)),
    Wrong({"objective": "digits"}, "/objective", ("`objective`", "'digits'")),
    Wrong(objective(dataset=5), "/objective/dataset", ("`dataset`", "string", "5")),
    Wrong(objective(type="external"), "/objective/type", ("`type`", "'mlp'", "'external'")),
    Wrong(objective(metric=5), "/objective/metric", ("`metric`", "5")),
    Wrong(objective(training=[]), "/objective/training", ("`training`", "[]")),
    Wrong(objective(training=None), "/objective/training", ("`training`", "None")),
    Wrong(study(trials="10"), "/trials", ("`trials`", "integer", "'10'")),
    Wrong(study(trials=10.0), "/trials", ("`trials`", "integer", "10.0")),
    Wrong(study(seed=True), "/seed", ("`seed`", "integer", "True")),
    Wrong(study(trial_timeout_seconds="60"), "/trial_timeout_seconds", ("`trial_timeout_seconds`", "number", "'60'")),
    Wrong(study(trial_timeout_seconds=True), "/trial_timeout_seconds", ("`trial_timeout_seconds`", "number", "True")),
    Wrong(study(search_space=5), "/search_space", ("`search_space`", "5")),
    Wrong(study(search_space=None), "/search_space", ("`search_space`", "None")),
    Wrong(study(search_space={"parameters": {}}), "/search_space/parameters", ("`parameters`", "list", "{}")),
    Wrong(space("learning_rate"), "/search_space/parameters/0", ("object", "'learning_rate'")),
    Wrong(space({}), "/search_space/parameters/0/type", ("`type` is required",)),
    Wrong(parameter(low="0"), "/search_space/parameters/0/low", ("`low`", "number", "'0'")),
    Wrong(parameter(low=True), "/search_space/parameters/0/low", ("`low`", "number", "True")),
    Wrong(integer(low=1.5), "/search_space/parameters/0/low", ("`low`", "integer", "1.5")),
    Wrong(space(choices("batch_size", [32])), "/search_space/parameters/0/choices/0", ("choices", "[32]")),
    Wrong(study(strategy="random"), "/strategy", ("`strategy`", "'random'")),
    Wrong(study(strategy={}), "/strategy/type", ("`type` is required",)),
    Wrong(study(strategy={"type": 5}), "/strategy/type", ("`type`", "5")),
    Wrong(strategy(rounds=2.5), "/strategy/rounds", ("`rounds`", "integer", "2.5")),
    Wrong(study(name=5), "/name", ("`name`", "string", "5")),
    Wrong(study(name=" "), "/name", ("`name` must", "not blank", "' '")),
]

HALF_A_PAIR = "\ud800"  # JSON can hold it, UTF-8 cannot
ODD_TEXT = [
    Wrong(case.document, case.pointer, (*case.parts, repr(odd)[1:-1]))
    for odd in ("\0", HALF_A_PAIR)
    for case in (
        Wrong(study(name=odd), "/name", ("`name`",)),
        Wrong(study(**{odd: 1}), f"/{odd}", ("unknown field",)),
        Wrong(objective(dataset=odd), "/objective/dataset", ("unknown dataset",)),
        Wrong(objective(**{odd: 1}), f"/objective/{odd}", ("unknown field",)),
        Wrong(objective(metric=odd), "/objective/metric", ("metric",)),
        Wrong(training(**{odd: 1}), f"/objective/training/{odd}", ("unknown training value",)),
        Wrong(training(activation=odd), "/objective/training/activation", ("`activation`",)),
        Wrong(study(search_space=odd), "/search_space", ("unknown search space",)),
        Wrong(study(search_space={odd: 1}), f"/search_space/{odd}", ("unknown field",)),
        Wrong(space(LEARNING_RATE, name=odd), "/search_space/name", ("`name`", "printable")),
        Wrong(parameter(name=odd), "/search_space/parameters/0/name", ("`name`", "printable")),
        Wrong(parameter(**{odd: 1}), f"/search_space/parameters/0/{odd}", ("unknown field",)),
        Wrong(space(choices("optimizer", odd)), "/search_space/parameters/0/choices/0", ("choices", "printable")),
        Wrong(study(strategy={"type": odd}), "/strategy/type", ("type",)),
        Wrong(strategy(**{odd: 1}), f"/strategy/{odd}", ("unknown field",)),
    )
]

LATER = [  # names of features that are not there yet
    Wrong(study(confirm={"finalists": 5}), "/confirm", ("unknown field 'confirm'",)),
    Wrong(objective(seeds=3), "/objective/seeds", ("unknown field 'seeds'",)),
    Wrong(objective(direction="minimize"), "/objective/direction", ("unknown field 'direction'",)),
    Wrong(parameter(when={"optimizer": ["adam"]}), "/search_space/parameters/0/when", ("'when'",)),
    Wrong(study(strategy={"type": "grid"}), "/strategy/type", ("'grid'",)),
]

OF_THE_ENGINE = [
    Wrong(training(**{name: value}), f"/objective/training/{name}", (f"`{name}` must be", rule))
    for name, value, rule in [
        ("batch_norm", 1, "true or false"),
        ("keep_prob", 0, "above 0 and at most 1"),
        ("keep_prob_2", 1.5, "above 0 and at most 1"),
        ("l1", -1, "at least 0"),
        ("decay_rate", 0, "above 0"),
        ("rates", [[5, 0.1], [2, 0.01]], "in the order of their epochs"),
        ("augmentation", {"shift": -1}, "shift"),
    ]
] + [
    Wrong(
        objective(dataset="breast-cancer", training={"augmentation": {"shift": 1}}),
        "/objective/training/augmentation",
        ("`augmentation` must be null", "no `image_shape`"),
    ),
    Wrong(training(schedule="manual"), "/objective/training/rates", ("`rates` must be given",)),
    Wrong(
        space(LEARNING_RATE) | training(batch_norm=True, batch_size=1),
        "/objective/training/batch_size",
        ("at least 2 with `batch_norm`",),
    ),
    Wrong(
        space(LEARNING_RATE, choices("batch_size", 1, 32)) | training(batch_norm=True),
        "/search_space/parameters/1",
        ("at least 2 with `batch_norm`",),
    ),
]

WIDE = {"name": "hidden_units", "type": "int", "low": 1, "high": 4096}
BATCH_SIZE = {"name": "batch_size", "type": "int", "low": 1, "high": 1079}

LIMITS = [  # of the dataset, which has 1,078 training rows, and of the memory of a pack, 1,024 MiB
    Wrong(
        space(LEARNING_RATE) | training(batch_size=1079),
        "/objective/training/batch_size",
        ("`batch_size` must be at most 1078", "training rows of dataset 'digits'", "got 1079"),
    ),
    Wrong(space(BATCH_SIZE), "/search_space/parameters/0/high", ("`batch_size` must be at most 1078", "got 1079")),
    Wrong(
        space(LEARNING_RATE, choices("batch_size", 32, 5000)),
        "/search_space/parameters/1/choices/1",
        ("at most 1078", "5000"),
    ),
    Wrong(
        space(LEARNING_RATE) | training(hidden_units=4096, hidden_layers=10),
        "/objective/training/hidden_units",
        ("`hidden_units` must leave", "1,024 MiB (PARFOCAL_PACK_MEBIBYTES)", "4096", "MiB"),
    ),
    Wrong(
        space(LEARNING_RATE, WIDE) | training(hidden_layers=9),
        "/search_space/parameters/1",
        ("`hidden_units` must leave", "4096"),
    ),
    Wrong(
        space({"name": "hidden_layers", "type": "int", "low": 1, "high": 10})
        | training(**{f"hidden_units_{layer}": 4096 for layer in range(2, 11)}),
        "/search_space/parameters/0",
        ("`hidden_layers` must leave", "with 10 "),
    ),
    Wrong(
        space({"name": "keep_prob", "type": "float", "low": 0, "high": 1}),
        "/search_space/parameters/0/low",
        ("`keep_prob`", "above 0 and at most 1"),
    ),
    Wrong(
        space({"name": "hidden_layers", "type": "int", "low": 1, "high": 11}),
        "/search_space/parameters/0/high",
        ("`hidden_layers`", "from 1 to 10", "11"),
    ),
    Wrong(space(choices("record_batch_losses", True, False)), "/search_space/parameters/0/name", ("no effect",)),
]

DIAGNOSIS = [
    Wrong(objective(base_error=1.5), "/objective/base_error", ("`base_error`", "less than or equal to 1", "1.5")),
    Wrong(objective(base_error=-0.1), "/objective/base_error", ("`base_error`", "greater than or equal to 0", "-0.1")),
    Wrong(objective(high_gap="2 %"), "/objective/high_gap", ("`high_gap`", "number", "'2 %'")),
    Wrong(
        objective(metric="f1", base_error=0.1),
        "/objective/base_error",
        ("`base_error` must be null unless `metric` is 'error_rate'", "0.1", "'f1'"),
    ),
    Wrong(
        {"objective": {"dataset": "diabetes", "high_gap": 0.1}},
        "/objective/high_gap",
        ("`high_gap` must be null", "0.1", "'rmse'"),
    ),
]

CASES = [
    *LIMITS,
    *DIAGNOSIS,
    *OF_THE_ENGINE,
    *UNKNOWN_NAMES,
    *REFERENCES,
    *RANGES,
    *RULES,
    *TOGETHER,
    *WRONG_TYPES,
    *ODD_TEXT,
    *LATER,
]


@pytest.mark.parametrize("wrong", CASES, ids=lambda wrong: ascii(wrong.document)[:100])
def test_a_wrong_study_is_refused_with_its_field_and_rule_and_nothing_is_kept(
    wrong: Wrong, api: httpx.Client, stored: Stored
) -> None:
    before = stored()
    answer = api.post("/v1/studies", content=json.dumps(wrong.document), headers={"content-type": "application/json"})
    pointer, message = field_error(answer)
    assert pointer == wrong.pointer
    assert [part for part in wrong.parts if part not in message] == [], message
    assert stored() == before


def test_every_field_that_is_wrong_is_named_at_once(api: httpx.Client) -> None:
    answer = api.post("/v1/studies", json={"objective": {"dataset": 5}, "trials": "many", "seed": -1})
    pointers = [error["pointer"] for error in problem_of(answer, 422)["errors"]]
    assert sorted(pointers) == ["/objective/dataset", "/seed", "/trials"]


NUMBER = "@"  # stands for the number under test
NUMBER_PLACES = {
    "/seed": study(seed=NUMBER),
    "/trials": study(trials=NUMBER),
    "/name": study(name=NUMBER),
    "/trial_timeout_seconds": study(trial_timeout_seconds=NUMBER),
    "/max_seconds": study(max_seconds=NUMBER),
    "/objective": study(objective=NUMBER),
    "/objective/dataset": objective(dataset=NUMBER),
    "/objective/metric": objective(metric=NUMBER),
    "/objective/training/learning_rate": training(learning_rate=NUMBER),
    "/objective/training/epochs": training(epochs=NUMBER),
    "/objective/training/activation": training(activation=NUMBER),
    "/objective/training/early_stopping_patience": training(early_stopping_patience=NUMBER),
    "/objective/training/unheard_of": training(unheard_of=NUMBER),
    "/unheard_of": study(unheard_of=NUMBER),
    "/strategy": study(strategy=NUMBER),
    "/strategy/type": study(strategy={"type": NUMBER}),
    "/strategy/rounds": strategy(rounds=NUMBER),
    "/strategy/margin": strategy(margin=NUMBER),
    "/strategy/unheard_of": strategy(unheard_of=NUMBER),
    "/search_space": study(search_space=NUMBER),
    "/search_space/parameters/0": space(NUMBER),
    "/search_space/parameters/0/low": parameter(low=NUMBER),
    "/search_space/parameters/0/high": parameter(high=NUMBER),
    "/search_space/parameters/0/step": integer(step=NUMBER),
    "/search_space/parameters/0/scale": parameter(scale=NUMBER),
    "/search_space/parameters/0/name": parameter(name=NUMBER),
    "/search_space/parameters/0/choices/1": space(choices("batch_size", 32, NUMBER)),
}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_a_number_that_is_none_is_refused_wherever_it_stands(number: str, api: httpx.Client, stored: Stored) -> None:
    before = stored()
    for place, document in NUMBER_PLACES.items():
        text = json.dumps(document).replace(f'"{NUMBER}"', number)
        answer = api.post("/v1/studies", content=text, headers={"content-type": "application/json"})
        assert field_error(answer)[0] == place
    assert stored() == before


UNREADABLE = {
    b"": "is required",
    b"{": "no valid JSON",
    b'{"objective": {"dataset": "digits"}': "no valid JSON",
    b"{'objective': 1}": "no valid JSON: Expecting property name enclosed in double quotes at character 1",
    b'{"name": "\xff"}': "no valid JSON: 'utf-8'",
    b"[" * 100_000: "no valid JSON: maximum recursion depth",
    b'{"a":' * 100_000: "no valid JSON: maximum recursion depth",
    b'{"seed": ' + b"9" * 5000 + b"}": "no valid JSON: Exceeds the limit (4300 digits)",
}


@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: repr(body)[:40])
def test_a_body_that_is_no_json_is_refused(body: bytes, api: httpx.Client, stored: Stored) -> None:
    before = stored()
    answer = api.post("/v1/studies", content=body, headers={"content-type": "application/json"})
    pointer, message = field_error(answer)
    assert pointer == ""
    assert UNREADABLE[body] in message
    assert stored() == before


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", None])
def test_a_body_of_another_content_type_is_refused_with_the_right_one(
    content_type: str | None, api: httpx.Client
) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = api.post("/v1/studies", content=b'{"objective": {"dataset": "digits"}}', headers=headers)
    pointer, message = field_error(answer)
    assert pointer == ""
    assert "Content-Type: application/json" in message


def test_deep_nesting_inside_a_free_field_is_refused(api: httpx.Client) -> None:
    nested = "[" * 500 + "]" * 500  # JSON's reader takes it
    body = json.dumps(training(epochs=NUMBER)).replace(f'"{NUMBER}"', nested)
    answer = api.post("/v1/studies", content=body, headers={"content-type": "application/json"})
    assert field_error(answer)[0] == "/objective/training/epochs"


@pytest.mark.parametrize("path", ["/v1/studies", "/v1/search-spaces"])
@pytest.mark.parametrize("is_announced", [True, False])
def test_a_body_over_a_mebibyte_is_refused(path: str, is_announced: bool, api: httpx.Client, stored: Stored) -> None:
    before = stored()
    body = b" " * (2**20 + 1)
    answer = api.post(
        path, content=body if is_announced else iter([body]), headers={"content-type": "application/json"}
    )
    assert ("content-length" in answer.request.headers) == is_announced
    problem = problem_of(answer, 413)
    assert "1,048,576 bytes (1 MiB)," in problem["detail"]
    assert problem["title"] == "too large"
    assert stored() == before


def test_a_body_of_a_mebibyte_is_read(api: httpx.Client) -> None:
    body = json.dumps(study(name=5)).encode()
    padded = body + b" " * (2**20 - len(body))
    answer = api.post("/v1/studies", content=padded, headers={"content-type": "application/json"})
    assert field_error(answer)[0] == "/name"


def test_a_long_wrong_name_does_not_come_back_whole(api: httpx.Client) -> None:
    long = "x" * 500_000
    for document in (study(**{long: 1}), objective(dataset=long), training(**{long: 1}), study(search_space=long)):
        answer = api.post("/v1/studies", json=document)
        problem_of(answer, 422)
        assert len(answer.content) < 5000


def test_what_a_small_machine_allows_can_be_set(settings: Settings) -> None:
    small = settings.model_copy(update={"pack_mebibytes": 1})
    with serving(create_app(small)) as api:
        pointer, message = field_error(api.post("/v1/studies", json={"objective": {"dataset": "digits"}}))
        assert pointer == "/search_space"
        assert "`hidden_units` must leave each training within 1 MiB" in message
        pointer, message = field_error(
            api.post("/v1/studies", json=space(LEARNING_RATE) | training(hidden_layers=1, epochs=1))
        )
        assert pointer == "/objective/training/hidden_layers"
        bare = api.post("/v1/studies", json=space(LEARNING_RATE))
        assert field_error(bare)[0] == "/objective/dataset"


@pytest.mark.parametrize(
    "document",
    [
        space(LEARNING_RATE) | training(batch_size=1078),
        space(BATCH_SIZE | {"high": 1078}),
        space(LEARNING_RATE) | training(hidden_units=4096),
        objective(base_error=1, high_gap=0),
        training(record_batch_losses=True),
    ],
)
def test_what_is_just_allowed_is_taken(document: dict[str, Any], api: httpx.Client) -> None:
    assert api.post("/v1/studies", json=document).status_code == 201
