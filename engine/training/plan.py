"""Everything that decides how one network is trained, apart from the dataset."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from engine.errors import InvalidField, unknown_name
from engine.training.activations import ActivationName
from engine.training.rules import Rule, choice, number, optional, switch, whole

InitializerName = Literal["auto", "he", "xavier", "lecun"]
OptimizerName = Literal["sgd", "momentum", "adam"]

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
    "beta_2": number(0, below=1),
    "epsilon": number(1e-30),  # float32 holds nothing below 1e-45, and a unit without gradient would divide 0 by 0
    "batch_size": whole(1, 1_000_000),
    "epochs": whole(1, 100_000),
    "l2": number(0),
    "normalize_inputs": switch(),
    "early_stopping_patience": optional(whole(1, 100_000)),
}
"""The rule of each training value; `hidden_units_1` … hold the rule of `hidden_units`."""

LAYER_NAMES = tuple(f"hidden_units_{layer}" for layer in range(1, MAX_HIDDEN_LAYERS + 1))

TRAINING_NAMES = (*RULES, *LAYER_NAMES)


@dataclass(frozen=True)
class TrainingPlan:
    """One network and how it learns. Raises InvalidField for a value outside its rule.

    hidden_units   units of each hidden layer, first to last
    l2             λ: adds λ / (2m) · Σ W² to the cost, with m the number of training rows; biases are left out
    momentum       β of the momentum optimiser, in the form with 1 - β (see `optimizers.Momentum`)
    normalize_inputs   whether inputs have zero mean and unit variance over the training rows
    early_stopping_patience   end after this many epochs without a better dev metric (or the same metric at a lower
                   dev loss), and go back to the best epoch's weights; None trains all epochs and keeps the last
    seed           of the initial weights and of the order of the rows
    metric         what is measured on dev; None takes the task's default
    """

    seed: int = 0
    hidden_units: tuple[int, ...] = (64, 64)
    activation: ActivationName = "relu"
    initializer: InitializerName = "auto"
    optimizer: OptimizerName = "adam"
    learning_rate: float = 0.001
    momentum: float = 0.9
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    batch_size: int = 64
    epochs: int = 30
    l2: float = 0.0
    normalize_inputs: bool = True
    early_stopping_patience: int | None = None
    metric: str | None = None

    def __post_init__(self) -> None:
        RULES["hidden_layers"].check("hidden_layers", len(self.hidden_units))
        for layer, units in enumerate(self.hidden_units, start=1):
            RULES["hidden_units"].check(f"hidden_units_{layer}", units)
        for name in _PLAIN_NAMES:
            RULES[name].check(name, getattr(self, name))

    @classmethod
    def from_values(cls, values: Mapping[str, Any], seed: int = 0, metric: str | None = None) -> "TrainingPlan":
        """Make a plan from names and values as a study gives them; what is left out keeps its default.

        `hidden_units` holds for all of the `hidden_layers` layers, `hidden_units_2` for the second alone. A layer
        beyond `hidden_layers` has no effect.
        """
        for name, value in values.items():
            check_value(name, value)
        plain = {name: values[name] for name in _PLAIN_NAMES if name in values}
        return replace(cls(seed=seed, metric=metric), hidden_units=_hidden_units(values), **plain)


_PLAIN_NAMES = tuple(
    field.name for field in fields(TrainingPlan) if field.name in RULES and field.name != "hidden_units"
)

USED_BY_OPTIMIZERS: dict[str, tuple[OptimizerName, ...]] = {
    "momentum": ("momentum",),
    "beta_1": ("adam",),
    "beta_2": ("adam",),
    "epsilon": ("adam",),
}


def check_value(name: str, value: Any) -> None:
    """Raise InvalidField unless `name` is a training value and `value` keeps its rule."""
    if name not in TRAINING_NAMES:
        raise InvalidField((name,), unknown_name("training value", name, TRAINING_NAMES))
    RULES["hidden_units" if name in LAYER_NAMES else name].check(name, value)


def check_effect(name: str, possible: Mapping[str, tuple[Any, ...]]) -> None:
    """Raise InvalidField if the searched `name` changes nothing, whatever the rest.

    `possible` maps names to all the values that a study can give them; a name left out has its default.
    """
    optimizers = possible.get("optimizer", (TrainingPlan.optimizer,))
    users = USED_BY_OPTIMIZERS.get(name, get_args(OptimizerName))
    if not set(users) & set(optimizers):
        raise InvalidField((name,), f"searching {name!r} has no effect: `optimizer` must be able to be {users[0]!r}, "
                                    f"but it is {' or '.join(map(repr, optimizers))}")  # fmt: skip
    deepest = max(possible.get("hidden_layers", (len(TrainingPlan.hidden_units),)))
    if name in LAYER_NAMES[deepest:]:
        raise InvalidField((name,), f"searching {name!r} has no effect: `hidden_layers` is at most {deepest}")
    if name == "hidden_units" and all(layer in possible for layer in LAYER_NAMES[:deepest]):
        raise InvalidField((name,), f"searching {name!r} has no effect: each layer has units of its own")


def _hidden_units(values: Mapping[str, Any]) -> tuple[int, ...]:
    layers = values.get("hidden_layers", len(TrainingPlan.hidden_units))
    units = values.get("hidden_units", TrainingPlan.hidden_units[0])
    return tuple(values.get(name, units) for name in LAYER_NAMES[:layers])
