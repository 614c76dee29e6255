"""Property tests: what is written comes back, exactly. Hypothesis draws the same examples on every run."""

import json
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.search import (
    Box,
    CategoricalParameter,
    Condition,
    FloatParameter,
    IntParameter,
    Parameter,
    Scalar,
    SearchSpace,
)
from engine.search.parameters import MAX_INTEGER

repeatable = settings(derandomize=True, deadline=None, max_examples=200)

units = st.floats(0.0, 1.0, exclude_max=True)
names = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20)


@st.composite
def float_parameters(draw: st.DrawFn) -> FloatParameter:
    scale = draw(st.sampled_from(["linear", "log", "reverse_log"]))
    lowest, highest = {"linear": (-1e300, 1e300), "log": (1e-300, 1e300), "reverse_log": (-1e300, 1 - 1e-15)}[scale]
    ends = st.lists(st.floats(lowest, highest), min_size=2, max_size=2, unique=True)
    low, high = sorted(draw(ends))
    return FloatParameter(draw(names), low, high, scale)


@st.composite
def int_parameters(draw: st.DrawFn) -> IntParameter:
    step = draw(st.integers(1, 1000) | st.integers(1, MAX_INTEGER))
    low = draw(st.integers(-MAX_INTEGER, MAX_INTEGER - step))
    steps = draw(st.integers(1, min(10, (MAX_INTEGER - low) // step)) | st.integers(1, (MAX_INTEGER - low) // step))
    return IntParameter(draw(names), low, low + steps * step, step)


@st.composite
def log_int_parameters(draw: st.DrawFn) -> IntParameter:
    step = draw(st.integers(1, 1000))
    low = draw(st.integers(step // 2 + 1, 10**6 * step) | st.just(step // 2 + 1))
    steps = draw(st.integers(1, 10) | st.integers(1, 10**12 - low // step - 1))
    return IntParameter(draw(names), low, low + steps * step, step, "log")


scalars = st.text(max_size=5).filter(str.isprintable) | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-9, 9)
categorical_parameters = st.builds(
    CategoricalParameter,
    names,
    st.lists(scalars, min_size=1, max_size=6, unique_by=lambda choice: (isinstance(choice, bool), choice)).map(tuple),
)
parameters: st.SearchStrategy[Parameter] = (
    float_parameters() | int_parameters() | log_int_parameters() | categorical_parameters
)


@st.composite
def spaces(draw: st.DrawFn) -> SearchSpace:
    """Some of the later parameters hang on an earlier int or categorical one."""
    found: list[Parameter] = []
    for parameter in draw(st.lists(parameters, min_size=1, max_size=5, unique_by=lambda each: each.name)):
        choosers = [each for each in found if not isinstance(each, FloatParameter)]
        chooser = draw(st.none() | st.sampled_from(choosers)) if choosers else None
        if chooser is not None:
            condition = Condition(chooser.name, (chooser.from_unit(draw(units)),))
            parameter = replace(parameter, when=(condition,))
        found.append(parameter)
    return SearchSpace(tuple(found), draw(st.none() | names))


@repeatable
@given(parameters, units)
def test_a_value_drawn_lies_in_its_parameter_and_is_plain_json(parameter: Parameter, unit: float) -> None:
    value = parameter.from_unit(unit)
    assert parameter.contains(value)
    assert type(value) in (float, int, str, bool)
    assert 0.0 <= parameter.to_unit(value) <= 1.0


@repeatable
@given(int_parameters() | log_int_parameters() | categorical_parameters, units)
def test_a_discrete_value_comes_back_from_its_unit(parameter: IntParameter | CategoricalParameter, unit: float) -> None:
    value = parameter.from_unit(unit)
    again = parameter.from_unit(parameter.to_unit(value))
    assert (type(again), again) == (type(value), value)


@repeatable
@given(st.data(), units)
def test_a_unit_comes_back_from_its_float(data: st.DataObject, unit: float) -> None:
    low = data.draw(st.floats(0.001, 0.4))
    high = data.draw(st.floats(low + 0.1, 0.999))
    parameter = FloatParameter("x", low, high, data.draw(st.sampled_from(["linear", "log", "reverse_log"])))
    assert abs(parameter.to_unit(parameter.from_unit(unit)) - unit) < 1e-12


@repeatable
@given(spaces())
def test_a_space_comes_back_from_json(space: SearchSpace) -> None:
    text = json.dumps(space.to_json())
    again = SearchSpace.from_json(json.loads(text))
    assert again == space
    assert json.dumps(again.to_json()) == text


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """A box zoomed round a few trials, as a strategy makes it."""
    whole = Box.whole(draw(spaces()))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    points: list[dict[str, Scalar]] = [whole.sample(generator) for _ in range(draw(st.integers(0, 6)))]
    return whole.around(points, draw(st.floats(0.0, 1.0))) if points else whole


@repeatable
@given(boxes(), st.integers(0, 2**32))
def test_a_stored_box_draws_the_same_values_to_the_last_bit(box: Box, seed: int) -> None:
    stored = json.dumps(box.to_json(), sort_keys=True)
    again = Box.from_json(box.space, json.loads(stored))
    assert again == box
    draws, draws_again = (
        [drawn.sample(generator) for _ in range(5)]
        for drawn, generator in ((box, np.random.default_rng(seed)), (again, np.random.default_rng(seed)))
    )
    assert json.dumps(draws) == json.dumps(draws_again)


@repeatable
@given(boxes(), st.integers(0, 2**32))
def test_a_box_draws_only_values_of_its_space_and_of_itself(box: Box, seed: int) -> None:
    values = box.sample(np.random.default_rng(seed))
    document = box.to_json()
    for parameter in box.space.parameters:
        assert (parameter.name in values) == all(condition.holds(values) for condition in parameter.when)
        if parameter.name not in values:
            continue
        value, side = values[parameter.name], document[parameter.name]
        assert parameter.contains(value)
        assert "low" not in side or side["low"] <= value <= side["high"]
