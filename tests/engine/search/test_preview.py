"""What a space draws, told as quantiles and histograms."""

import json
from typing import Any

import numpy as np
import pytest

from engine.search import Box, ChoicePreview, NumericPreview, SearchSpace, preview
from engine.search.proposals import draw

SPACE = SearchSpace.from_json(
    {
        "parameters": [
            {"name": "momentum", "type": "float", "low": 0.9, "high": 0.999, "scale": "reverse_log"},
            {"name": "units", "type": "int", "low": 16, "high": 128},
            {"name": "layers", "type": "int", "low": 1, "high": 3},
            {"name": "kind", "type": "categorical", "choices": ["a", True, 1]},
            {"name": "inner", "type": "int", "low": 2, "high": 10, "step": 4, "when": {"kind": [True, 1]}},
            {"name": "outer", "type": "float", "low": 0, "high": 1, "when": {"optimizer": ["adam"]}},
            {"name": "never", "type": "float", "low": 0, "high": 1, "when": {"units": [77], "layers": [2]}},
        ]
    }
)
SAMPLES = 500


@pytest.fixture(scope="module")
def previewed() -> dict[str, Any]:
    return {parameter.name: parameter for parameter in preview(SPACE, SAMPLES, seed=4)}


def test_a_preview_tells_of_the_trials_that_random_search_would_draw(previewed: dict[str, Any]) -> None:
    trials = draw(Box.whole(SPACE), 4, range(SAMPLES))
    units = [int(trial["units"]) for trial in trials]
    told = previewed["units"]
    assert told.quantiles == {
        str(share): int(np.quantile(units, share, method="inverted_cdf"))
        for share in (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
    }
    assert told.edges[0] == 15.5
    assert told.edges[-1] == 128.5
    assert told.counts == np.histogram(units, told.edges)[0].tolist()
    assert previewed["kind"].counts == [
        sum((type(trial["kind"]), trial["kind"]) == choice for trial in trials)
        for choice in ((str, "a"), (bool, True), (int, 1))
    ]


def test_half_of_the_momentum_draws_lie_in_the_last_tenth_of_its_range(previewed: dict[str, Any]) -> None:
    momentum = previewed["momentum"]
    assert momentum.quantiles["0.5"] == pytest.approx(0.99, abs=0.001)
    assert momentum.edges[18] == pytest.approx(0.989, abs=0.001)
    assert 0.45 < sum(momentum.counts[18:]) / SAMPLES < 0.6


def test_each_of_few_integers_has_a_bin(previewed: dict[str, Any]) -> None:
    assert previewed["layers"].edges == [0.5, 1.5, 2.5, 3.5]
    assert sum(previewed["layers"].counts) == SAMPLES
    assert previewed["inner"].edges == [0, 4, 8, 12]


def test_the_share_of_trials_with_a_conditional_parameter_is_told(previewed: dict[str, Any]) -> None:
    assert previewed["units"].share_present == 1.0
    assert 0.6 < previewed["inner"].share_present < 0.73
    assert sum(previewed["inner"].counts) == round(previewed["inner"].share_present * SAMPLES)
    assert previewed["outer"].share_present == 1.0  # what it asks for is fixed outside


def test_a_parameter_that_no_trial_has_is_told_too() -> None:
    never = preview(SPACE, 1, seed=0)[-1]
    assert isinstance(never, NumericPreview)
    assert (never.share_present, never.quantiles, sum(never.counts)) == (0.0, None, 0)


def test_all_that_is_told_is_plain_json() -> None:
    for parameter in preview(SPACE, 20, seed=0):
        assert isinstance(parameter, NumericPreview | ChoicePreview)
        assert json.loads(json.dumps(vars(parameter))) == vars(parameter)
