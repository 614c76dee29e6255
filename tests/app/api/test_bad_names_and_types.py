"""A study with a name that nobody knows, or a value of a wrong kind, is refused with what is known."""

import httpx
import pytest

from tests.app.api.documents import (
    LEARNING_RATE,
    Stored,
    Wrong,
    assert_refused,
    choices,
    integer,
    nearest,
    objective,
    parameter,
    space,
    strategy,
    study,
    training,
)
from tests.app.api.problems import problem_of

UNKNOWN_NAMES = [
    Wrong(study(confirm={"finalist": 5}), "/confirm/finalist", nearest("field", "finalist", "finalists")),
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
    Wrong(objective(direction="minimize"), "/objective/direction", ("unknown field 'direction'",)),
    Wrong(study(strategy={"type": "bayes"}), "/strategy/type", ("'bayes'",)),
]

CASES = [*UNKNOWN_NAMES, *REFERENCES, *WRONG_TYPES, *ODD_TEXT, *LATER]


@pytest.mark.parametrize("wrong", CASES, ids=lambda wrong: ascii(wrong.document)[:100])
def test_a_name_or_a_type_that_is_wrong_is_refused_and_nothing_is_kept(
    wrong: Wrong, api: httpx.Client, stored: Stored
) -> None:
    assert_refused(wrong, api, stored)


def test_every_field_that_is_wrong_is_named_at_once(api: httpx.Client) -> None:
    answer = api.post("/v1/studies", json={"objective": {"dataset": 5}, "trials": "many", "seed": -1})
    pointers = [error["pointer"] for error in problem_of(answer, 422)["errors"]]
    assert sorted(pointers) == ["/objective/dataset", "/seed", "/trials"]
