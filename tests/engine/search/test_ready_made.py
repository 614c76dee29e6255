from engine.search import READY_MADE, SearchSpace


def test_a_ready_made_space_is_listed_under_its_name_and_comes_back_from_json() -> None:
    assert list(READY_MADE) == ["mlp-basic", "mlp-momentum"]
    for name, space in READY_MADE.items():
        assert space.name == name
        assert SearchSpace.from_json(space.to_json()) == space


def test_the_parameters_stand_in_the_order_in_which_they_matter() -> None:
    order = ["learning_rate", "momentum", "hidden_units", "batch_size", "hidden_layers", "l2", "optimizer"]
    for space in READY_MADE.values():
        assert list(space.names) == [name for name in order if name in space.names]
