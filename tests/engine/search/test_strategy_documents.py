"""A document that describes no strategy is refused with path and rule."""

from typing import Any

import pytest

from engine.errors import InvalidField
from engine.search import strategy_from_json


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ("random", (), "a strategy must be an object, but got 'random'"),
        (
            {},
            ("type",),
            "`type` is required in a strategy, but is missing: one of random, quasi_random, grid, coarse_to_fine",
        ),
        ({"type": "coarse"}, ("type",), "unknown type 'coarse': the nearest known one is 'coarse_to_fine'"),
        ({"type": None}, ("type",), "`type` must be one of random, quasi_random, grid, coarse_to_fine, but got None"),
        (
            {"type": "random", "rounds": 4},
            ("rounds",),
            "unknown field of a strategy of type random 'rounds': the only known one is 'type'",
        ),
        (
            {"type": "coarse_to_fine", "round": 4},
            ("round",),
            "unknown field of a strategy of type coarse_to_fine 'round': the nearest known one is 'rounds'",
        ),
        ({"type": "grid", "points": 0}, ("points",), "`1 <= points <= 1000` must hold, but got 0"),
        ({"type": "coarse_to_fine", "rounds": 0}, ("rounds",), "`1 <= rounds <= 100` must hold, but got 0"),
        ({"type": "coarse_to_fine", "rounds": 2.5}, ("rounds",), "`rounds` must be an integer, but got 2.5"),
        (
            {"type": "coarse_to_fine", "first_round_share": 0},
            ("first_round_share",),
            "`0 < first_round_share <= 1` must hold, but got 0.0",
        ),
        (
            {"type": "coarse_to_fine", "elite_fraction": 1.5},
            ("elite_fraction",),
            "`0 < elite_fraction <= 1` must hold, but got 1.5",
        ),
        (
            {"type": "coarse_to_fine", "elite_fraction": True},
            ("elite_fraction",),
            "`elite_fraction` must be a number, but got True",
        ),
        (
            {"type": "coarse_to_fine", "round_size": 0},
            ("round_size",),
            "`1 <= round_size <= 1000000` must hold, but got 0",
        ),
        (
            {"type": "coarse_to_fine", "rounds": 4, "round_size": 8},
            ("round_size",),
            "`round_size` must be null where `rounds` is given, 4, but got 8",
        ),
        ({"type": "coarse_to_fine", "guided": 1}, ("guided",), "`guided` must be true or false, but got 1"),
        ({"type": "coarse_to_fine", "margin": -0.1}, ("margin",), "`0 <= margin <= 1` must hold, but got -0.1"),
        (
            {"type": "coarse_to_fine", "margin": float("inf")},
            ("margin",),
            "`margin` must be a finite number, but got inf",
        ),
    ],
)  # fmt: skip
def test_a_wrong_document_is_refused_with_path_and_rule(document: Any, path: tuple[str, ...], message: str) -> None:
    with pytest.raises(InvalidField) as caught:
        strategy_from_json(document)
    assert caught.value.path == path
    assert caught.value.message == message
