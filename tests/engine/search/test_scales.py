import math

import pytest

from engine.search.scales import SCALES

RANGES = {
    "linear": [(-3.0, 5.0), (0.0, 5e-324), (-8e307, 8e307), (1.0, 1.0000000000000002)],
    "log": [(1e-4, 1.0), (5e-324, 1.7976931348623157e308), (1e300, 1.0000000000000001e300)],
    "reverse_log": [(0.9, 0.999), (-1e308, 0.5), (0.0, 1e-12), (0.5, 0.9999999999999999)],
}
CASES = [(name, low, high) for name, ranges in RANGES.items() for low, high in ranges]
UNITS = [0.0, 5e-324, 1e-12, 0.1, 1 / 3, 0.5, 0.9, 1 - 1e-12, math.nextafter(1.0, 0.0), 1.0]


@pytest.mark.parametrize(("name", "low", "high"), CASES)
def test_a_value_never_leaves_its_range_and_never_falls_as_the_unit_rises(name: str, low: float, high: float) -> None:
    values = [SCALES[name].from_unit(unit, low, high) for unit in UNITS]
    assert values == sorted(values)
    assert (values[0], values[-1]) == (low, high)


@pytest.mark.parametrize(("name", "low", "high"), CASES)
def test_the_unit_of_every_value_lies_in_the_unit_interval(name: str, low: float, high: float) -> None:
    for unit in UNITS:
        assert 0.0 <= SCALES[name].to_unit(SCALES[name].from_unit(unit, low, high), low, high) <= 1.0


@pytest.mark.parametrize(
    ("name", "low", "high"), [("linear", 2.0, 4.0), ("log", 0.1, 10.0), ("reverse_log", 0.9, 0.99)]
)
def test_a_unit_beyond_the_interval_gives_the_border(name: str, low: float, high: float) -> None:
    assert SCALES[name].from_unit(-0.3, low, high) == low
    assert SCALES[name].from_unit(1.3, low, high) == high


@pytest.mark.parametrize(
    ("name", "low", "high", "middle"),
    [("linear", 2.0, 4.0, 3.0), ("log", 0.01, 1.0, 0.1), ("reverse_log", 0.9, 0.999, 0.99)],
)
def test_the_middle_of_the_range_is_that_of_the_scale(name: str, low: float, high: float, middle: float) -> None:
    assert SCALES[name].from_unit(0.5, low, high) == pytest.approx(middle, rel=1e-14)
    assert SCALES[name].to_unit(middle, low, high) == pytest.approx(0.5, rel=1e-13)


def test_reverse_log_keeps_its_precision_near_one() -> None:
    # 1 - x runs from 1e-3 to 1e-12; x can be no closer to its exact place than half of its last bit, 5.6e-17
    for unit in (0.1, 0.5, 0.9):
        distance = 1.0 - SCALES["reverse_log"].from_unit(unit, 1 - 1e-3, 1 - 1e-12)
        assert distance == pytest.approx(10 ** (-3 - 9 * unit), rel=1e-3 * unit, abs=1e-16)


def test_reverse_log_keeps_its_precision_near_zero() -> None:
    value = SCALES["reverse_log"].from_unit(0.5, 0.0, 1e-15)
    assert value == pytest.approx(0.5e-15, rel=1e-12, abs=0)  # 1 - exp(…) would only know multiples of 1.1e-16
