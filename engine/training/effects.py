"""Which training values have an effect under which others."""

from collections.abc import Mapping
from typing import Any

from engine.errors import InvalidField
from engine.training.plan import TrainingPlan
from engine.training.values import LAYER_NAMES

Possible = Mapping[str, tuple[Any, ...]]
"""The values that a study can give to each name; a name left out has its default."""

USED_BY: dict[str, tuple[str, tuple[str, ...]]] = {
    "momentum": ("optimizer", ("momentum",)),
    "beta_1": ("optimizer", ("adam",)),
    "beta_2": ("optimizer", ("adam", "rmsprop")),
    "epsilon": ("optimizer", ("adam", "rmsprop", "adagrad")),
    "decay_rate": ("schedule", ("time", "exponential", "staircase")),
    "decay_k": ("schedule", ("sqrt",)),
    "decay_every": ("schedule", ("staircase",)),
    "rates": ("schedule", ("manual",)),
}
"""The values that only some choices of another use."""


def check_searched(name: str, possible: Possible) -> None:
    """Raise InvalidField if searching `name` changes no result, whatever the rest."""
    if name == "record_batch_losses":
        raise InvalidField((name,), f"`{name}` has no effect on a result, so it cannot be searched")
    check_effect(name, possible)


def check_effect(name: str, possible: Possible) -> None:
    """Raise InvalidField if `name` changes nothing, whatever the rest."""
    if name in USED_BY:
        _check_used(name, possible)
    for shared, own_names in LAYER_NAMES.items():
        _check_layer(name, shared, own_names, possible)


def check_together(possible: Possible) -> None:
    """Raise InvalidField if some values that can come together do not go together."""
    if any(possible.get("batch_norm", ())) and min(possible.get("batch_size", (TrainingPlan.batch_size,))) == 1:
        raise InvalidField(("batch_size",), "`batch_size` must be at least 2 with `batch_norm`, but can be 1: "
                                            "one row alone has no variance")  # fmt: skip
    if "manual" in possible.get("schedule", ()) and not any(possible.get("rates", ())):
        raise InvalidField(("rates",), "`rates` must be given where `schedule` can be 'manual'")


def _check_used(name: str, possible: Possible) -> None:
    chooser, users = USED_BY[name]
    choices = possible.get(chooser, (getattr(TrainingPlan, chooser),))
    if not set(users) & set(choices):
        raise InvalidField((name,), f"`{name}` has no effect: `{chooser}` must be able to be {users[0]!r}, "
                                    f"but it is {' or '.join(map(repr, choices))}")  # fmt: skip


def _check_layer(name: str, shared: str, own_names: tuple[str, ...], possible: Possible) -> None:
    deepest = max(possible.get("hidden_layers", (len(TrainingPlan.hidden_units),)))
    if name in own_names[deepest:]:
        raise InvalidField((name,), f"`{name}` has no effect: `hidden_layers` is at most {deepest}")
    if name == shared and all(own_name in possible for own_name in own_names[:deepest]):
        raise InvalidField((name,), f"`{name}` has no effect: each layer has its own")
