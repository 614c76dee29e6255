from engine.errors import MAX_LISTED_CHARACTERS, unknown_name


def test_a_misspelt_name_is_told_the_nearest_one() -> None:
    assert unknown_name("type", "Grdi", ["random", "grid"]) == "unknown type 'Grdi': the nearest known one is 'grid'"


def test_a_name_that_was_only_begun_is_told_the_whole() -> None:
    message = unknown_name("type", "stop", ["stop_curve", "successive_halving"])
    assert message == "unknown type 'stop': the nearest known one is 'stop_curve'"


def test_a_name_that_is_near_none_of_a_few_is_told_them_all() -> None:
    message = unknown_name("type", "tpe", ["random", "grid"])
    assert message == "unknown type 'tpe': the known ones are 'random', 'grid'"


def test_of_more_names_than_fit_a_message_only_the_nearest_is_told() -> None:
    many = [f"column_{number}" for number in range(MAX_LISTED_CHARACTERS)]
    assert unknown_name("column", "x1", many) == "unknown column 'x1': the nearest known one is 'column_1'"


def test_where_no_name_is_known_that_is_what_is_told() -> None:
    assert unknown_name("field", "x", []) == "unknown field 'x': none is known here"


def test_the_only_name_that_is_known_is_not_called_near() -> None:
    assert unknown_name("field", "rounds", ["type"]) == "unknown field 'rounds': the only known one is 'type'"
    assert unknown_name("field", "typ", ["type"]) == "unknown field 'typ': the nearest known one is 'type'"
