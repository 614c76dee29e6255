"""Rounds of a search that goes on after its end."""

import pytest

from engine.search.schedule import extended


@pytest.mark.parametrize(
    ("sizes", "trials", "added"),
    [
        ((40, 20, 20, 20), 20, (20,)),
        ((40, 20, 20, 20), 50, (20, 20, 10)),
        ((40, 20, 20, 20), 5, (5,)),
        ((40, 20, 20, 20, 10), 30, (20, 10)),
        ((10,), 25, (10, 10, 5)),
        ((10, 4), 8, (4, 4)),
    ],
)
def test_an_extension_adds_rounds_as_large_as_those_after_the_first(
    sizes: tuple[int, ...], trials: int, added: tuple[int, ...]
) -> None:
    assert extended(sizes, trials) == (*sizes, *added)
