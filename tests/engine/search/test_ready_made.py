from engine.search import READY_MADE, CategoricalParameter, SearchSpace

ORDER = ["learning_rate", "momentum", "hidden_units", "batch_size", "hidden_layers", "decay_rate", "l2", "keep_prob"]


def test_a_ready_made_space_is_listed_under_its_name_and_comes_back_from_json() -> None:
    assert list(READY_MADE) == ["mlp-basic", "mlp-momentum", "mlp-regularized", "mlp-full"]
    for name, space in READY_MADE.items():
        assert space.name == name
        assert SearchSpace.from_json(space.to_json()) == space


def test_the_parameters_stand_in_the_order_in_which_they_matter() -> None:
    for space in READY_MADE.values():
        ranked = [name for name in space.names if name in ORDER]
        assert ranked == [name for name in ORDER if name in space.names]
        others = [parameter for parameter in space.parameters if parameter.name not in ORDER]
        assert all(isinstance(parameter, CategoricalParameter) for parameter in others)


def test_a_choice_that_others_hang_on_stands_right_before_them() -> None:
    for space in READY_MADE.values():
        for position, parameter in enumerate(space.parameters):
            assert all(condition.name == space.names[position - 1] for condition in parameter.when)
