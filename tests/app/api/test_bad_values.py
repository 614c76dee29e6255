"""A study with a value outside its rule, alone or beside the rest, is refused with the rule."""

import json

import httpx
import pytest

from tests.app.api.documents import (
    LEARNING_RATE,
    Stored,
    Wrong,
    assert_refused,
    choices,
    integer,
    objective,
    parameter,
    space,
    strategy,
    study,
    training,
)
from tests.app.api.problems import field_error

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
    Wrong(strategy(rounds=4) | {"trials": 3}, "/trials", ("`trials >= rounds`", "trials=3", "rounds=4")),
    Wrong(strategy(rounds=200), "/strategy/rounds", ("rounds", "100", "200")),
    Wrong(strategy(margin=-0.1), "/strategy/margin", ("margin", "-0.1")),
    Wrong(strategy(first_round_share=0), "/strategy/first_round_share", ("first_round_share", "0")),
    Wrong(strategy(elite_fraction=1.5), "/strategy/elite_fraction", ("elite_fraction", "1.5")),
    Wrong(study(pruning={"type": "stop"}), "/pruning/type", ("unknown type 'stop'", "'stop_curve'")),
    Wrong(study(pruning={"type": "successive_halving", "min_epochs": 0}), "/pruning/min_epochs", ("min_epochs", "0")),
    Wrong(
        study(pruning={"type": "successive_halving", "reduction_factor": 1.5}),
        "/pruning/reduction_factor",
        ("`reduction_factor` must be an integer", "1.5"),
    ),
    Wrong(
        training(epochs=3) | {"pruning": {"type": "successive_halving"}},
        "/pruning/min_epochs",
        ("`min_epochs` must be below the `epochs` that a trial may train, 3", "got 3"),
    ),
    Wrong(
        space({"name": "epochs", "type": "int", "low": 2, "high": 9})
        | {"pruning": {"type": "successive_halving", "min_epochs": 20}},
        "/pruning/min_epochs",
        ("`epochs` that a trial may train, 9", "got 20"),
    ),
    Wrong(study(pruning={"type": "stop_curve", "grace_epochs": -1}), "/pruning/grace_epochs", ("grace_epochs", "-1")),
    Wrong(study(pruning={"type": "stop_curve", "min_elites": 0}), "/pruning/min_elites", ("min_elites", "0")),
    Wrong(study(pruning="yes"), "/pruning", ("`pruning`", "object", "'yes'")),
    Wrong(
        study(strategy={"type": "random"}, pruning={"type": "stop_curve"}),
        "/pruning",
        ("`pruning` of type stop_curve", "single round", "must be null", "got {"),
    ),
    Wrong(
        study(strategy={"type": "grid"}, search_space="mlp-full"),
        "/strategy/points",
        ("at most 1,000,000 points", "it has 9,"),
    ),
    Wrong(study(strategy={"type": "grid", "points": 0}), "/strategy/points", ("1 <= points <= 1000", "0")),
    Wrong(study(trials=0), "/trials", ("`trials`", "greater than or equal to 1", "0")),
    Wrong(study(trials=20_001), "/trials", ("`trials`", "20000", "20001")),
    Wrong(study(trials=10**400), "/trials", ("`trials`", "20000")),
    Wrong(objective(seeds=0), "/objective/seeds", ("`seeds`", "greater than or equal to 1", "0")),
    Wrong(objective(seeds=33), "/objective/seeds", ("`seeds`", "less than or equal to 32", "33")),
    Wrong(objective(seeds=2.0), "/objective/seeds", ("`seeds`", "integer", "2.0")),
    Wrong(study(confirm={"finalists": 0}), "/confirm/finalists", ("`finalists`", "greater than or equal to 1", "0")),
    Wrong(study(confirm={"finalists": 101}), "/confirm/finalists", ("`finalists`", "100", "101")),
    Wrong(study(confirm={"repeats": 0}), "/confirm/repeats", ("`repeats`", "greater than or equal to 1", "0")),
    Wrong(study(confirm={"repeats": 33}), "/confirm/repeats", ("`repeats`", "32", "33")),
    Wrong(study(confirm={"finalists": 10, "repeats": 10}), "/trials", ("`trials`", "more than", "100")),
    Wrong(study(trials=19, confirm={}), "/confirm/finalists", ("`finalists` must be at most", "4", "got 5")),
    Wrong(study(trials=20, confirm={}) | strategy(rounds=6), "/trials", ("trials=5", "rounds=6")),
    Wrong(study(confirm=True), "/confirm", ("`confirm`", "object", "True")),
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
        ("`momentum` has no effect", "'momentum'", "'adam'"),
    ),
    Wrong(
        space(LEARNING_RATE) | training(optimizer="sgd", momentum=0.95),
        "/objective/training/momentum",
        ("`momentum` has no effect", "'momentum'", "'sgd'"),
    ),
    Wrong(
        space(LEARNING_RATE) | training(rates=[[5, 0.001]]),
        "/objective/training/rates",
        ("`rates` has no effect", "'manual'", "'constant'"),
    ),
    Wrong(
        space(LEARNING_RATE) | training(hidden_units_3=8),
        "/objective/training/hidden_units_3",
        ("no effect", "`hidden_layers` is at most 2"),
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

CASES = [*RANGES, *RULES, *TOGETHER, *DIAGNOSIS]


@pytest.mark.parametrize("wrong", CASES, ids=lambda wrong: ascii(wrong.document)[:100])
def test_a_value_outside_its_rule_is_refused_and_nothing_is_kept(
    wrong: Wrong, api: httpx.Client, stored: Stored
) -> None:
    assert_refused(wrong, api, stored)


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
    "/confirm": study(confirm=NUMBER),
    "/confirm/repeats": study(confirm={"repeats": NUMBER}),
    "/objective/seeds": objective(seeds=NUMBER),
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


def test_deep_nesting_inside_a_free_field_is_refused(api: httpx.Client) -> None:
    nested = "[" * 500 + "]" * 500  # JSON's reader takes it
    body = json.dumps(training(epochs=NUMBER)).replace(f'"{NUMBER}"', nested)
    answer = api.post("/v1/studies", content=body, headers={"content-type": "application/json"})
    assert field_error(answer)[0] == "/objective/training/epochs"
