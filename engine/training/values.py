"""The values that decide how a network is trained, as a study names them, each with its rule."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from engine.errors import InvalidField, unknown_name
from engine.training.augmentation import augmentation_rule
from engine.training.layers.activations import ActivationName
from engine.training.rules import Rule, choice, number, optional, rate_list, switch, whole

InitializerName = Literal["auto", "he", "xavier", "lecun", "normal"]
OptimizerName = Literal["sgd", "momentum", "rmsprop", "adam", "adagrad"]
ScheduleName = Literal["constant", "time", "exponential", "sqrt", "staircase", "manual"]

MAX_HIDDEN_LAYERS = 10  # a plain dense network much deeper than this does not train without normalisation
MAX_HIDDEN_UNITS = 4096  # two such layers are 16.8 million weights, 268 MB with gradients and Adam's moments

RULES: dict[str, Rule] = {
    "hidden_layers": whole(1, MAX_HIDDEN_LAYERS),
    "hidden_units": whole(1, MAX_HIDDEN_UNITS),
    "activation": choice(get_args(ActivationName)),
    "initializer": choice(get_args(InitializerName)),
    "optimizer": choice(get_args(OptimizerName)),
    "learning_rate": number(above=0),
    "momentum": number(0, below=1),
    "beta_1": number(0, below=1),
    "beta_2": optional(number(0, below=1)),
    "epsilon": number(1e-30),  # float32 holds nothing below 1e-45, and a unit without gradient would divide 0 by 0
    "batch_size": whole(1, 1_000_000),
    "epochs": whole(1, 100_000),
    "schedule": choice(get_args(ScheduleName)),
    "decay_rate": optional(number(above=0)),
    "decay_k": number(above=0),
    "decay_every": whole(1, 100_000),
    "rates": rate_list(),
    "l1": number(0),
    "l2": number(0),
    "keep_prob": number(above=0, at_most=1),
    "batch_norm": switch(),
    "normalize_inputs": switch(),
    "early_stopping_patience": optional(whole(1, 100_000)),
    "augmentation": augmentation_rule(),
    "record_batch_losses": switch(),
}
"""The rule of each value; `hidden_units_1` … hold the rule of `hidden_units`, and so with `keep_prob`."""

LAYER_NAMES: dict[str, tuple[str, ...]] = {
    name: tuple(f"{name}_{layer}" for layer in range(1, MAX_HIDDEN_LAYERS + 1))
    for name in ("hidden_units", "keep_prob")
}
"""The values that each layer can have for itself, with their names from the first layer on."""

TRAINING_NAMES = (*RULES, *LAYER_NAMES["hidden_units"], *LAYER_NAMES["keep_prob"])


def check_name(name: str) -> None:
    """Raise InvalidField unless `name` is a training value."""
    if name not in TRAINING_NAMES:
        raise InvalidField((name,), unknown_name("training value", name, TRAINING_NAMES))


def check_value(name: str, value: Any) -> None:
    """Raise InvalidField unless `name` is a training value and `value` keeps its rule."""
    check_name(name)
    RULES[_shared_name(name)].check(name, value)


def by_layer(name: str, values: Mapping[str, Any], layers: int, default: Any) -> tuple[Any, ...]:
    """The values called `name` of the first `layers` layers: a layer's own, else the one for all, else the default."""
    for_all = values.get(name, default)
    return tuple(values.get(own_name, for_all) for own_name in LAYER_NAMES[name][:layers])


def _shared_name(name: str) -> str:
    return next((shared for shared, own_names in LAYER_NAMES.items() if name in own_names), name)
