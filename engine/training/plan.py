"""Everything that decides how one network is trained, apart from the dataset."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from engine.errors import InvalidField
from engine.training.augmentation import Augmentation
from engine.training.layers.activations import ActivationName
from engine.training.values import RULES, InitializerName, OptimizerName, ScheduleName, by_layer, check_value

DEFAULT_BETA_2: dict[OptimizerName, float] = {"rmsprop": 0.9, "adam": 0.999}
DEFAULT_DECAY_RATE: dict[ScheduleName, float] = {"time": 1.0, "exponential": 0.95, "staircase": 0.5}


@dataclass(frozen=True)
class TrainingPlan:
    """One network and how it learns. Raises InvalidField for a value outside its rule.

    seed           of the initial weights, the order of the rows, dropout and augmentation
    hidden_units   units of each hidden layer, first to last
    momentum       β of the momentum optimiser, in the form with 1 - β (see `optimizers.Momentum`)
    beta_2         None takes the optimiser's default: 0.9 for rmsprop, 0.999 for adam
    schedule       how the learning rate falls (see `schedules`), with decay_rate, decay_k, decay_every or rates
    decay_rate     None takes the schedule's default: 1 for time, 0.95 for exponential, 0.5 for staircase
    rates          of the manual schedule: (epoch, rate) in the order of the epochs
    l1, l2         λ: they add λ₁ / m Σ |W| + λ₂ / (2m) Σ W² to the cost, with m the number of training rows; biases
                   and the scales of batch norm are left out
    keep_probs     the probability that dropout keeps a unit, for each hidden layer, first to last; empty is 1 for all
    batch_norm     of all hidden layers
    normalize_inputs   whether inputs have zero mean and unit variance over the training rows
    early_stopping_patience   end after this many epochs without a better dev metric (or the same metric at a lower
                   dev loss), and go back to the best epoch's weights; None trains all epochs and keeps the last
    augmentation   of the training rows, where they are images
    record_batch_losses   whether the learning curve also holds the mean loss of each mini-batch
    metric         what is measured on dev; None takes the task's default
    width_step     hidden layers are computed at the next multiple of this width, with units that stay silent, so that
                   neighbours in size can share a pack; the bits of a result depend on it, its meaning does not
    """

    seed: int = 0
    hidden_units: tuple[int, ...] = (64, 64)
    activation: ActivationName = "relu"
    initializer: InitializerName = "auto"
    optimizer: OptimizerName = "adam"
    learning_rate: float = 0.001
    momentum: float = 0.9
    beta_1: float = 0.9
    beta_2: float | None = None
    epsilon: float = 1e-8
    batch_size: int = 64
    epochs: int = 30
    schedule: ScheduleName = "constant"
    decay_rate: float | None = None
    decay_k: float = 1.0
    decay_every: int = 10
    rates: tuple[tuple[int, float], ...] = ()
    l1: float = 0.0
    l2: float = 0.0
    keep_probs: tuple[float, ...] = ()
    batch_norm: bool = False
    normalize_inputs: bool = True
    early_stopping_patience: int | None = None
    augmentation: Augmentation | None = None
    record_batch_losses: bool = False
    metric: str | None = None
    width_step: int = 1

    def __post_init__(self) -> None:
        RULES["hidden_layers"].check("hidden_layers", len(self.hidden_units))
        for layer, units in enumerate(self.hidden_units, start=1):
            RULES["hidden_units"].check(f"hidden_units_{layer}", units)
        for layer, keep_prob in enumerate(self.keep_probs, start=1):
            RULES["keep_prob"].check(f"keep_prob_{layer}", keep_prob)
        for name in _PLAIN_NAMES:
            RULES[name].check(name, getattr(self, name))
        if self.batch_norm and self.batch_size == 1:
            raise InvalidField(("batch_size",), "`batch_size` must be at least 2 with `batch_norm`, but got 1: "
                                                "one row alone has no variance")  # fmt: skip

    @classmethod
    def from_values(
        cls, values: Mapping[str, Any], seed: int = 0, metric: str | None = None, width_step: int = 1
    ) -> "TrainingPlan":
        """Make a plan from names and values as a study gives them; what is left out keeps its default.

        `hidden_units` holds for all of the `hidden_layers` layers, `hidden_units_2` for the second alone; so with
        `keep_prob`. A layer beyond `hidden_layers` has no effect.
        """
        for name, value in values.items():
            check_value(name, value)
        layers = values.get("hidden_layers", len(cls.hidden_units))
        keep_probs = by_layer("keep_prob", values, layers, 1.0)
        plain = {name: values[name] for name in _PLAIN_NAMES if name in values}
        if "rates" in plain:
            plain["rates"] = tuple((epoch, rate) for epoch, rate in plain["rates"])
        if plain.get("augmentation") is not None:
            plain["augmentation"] = Augmentation(**plain["augmentation"])
        return replace(
            cls(seed=seed, metric=metric, width_step=width_step),
            hidden_units=by_layer("hidden_units", values, layers, cls.hidden_units[0]),
            keep_probs=() if set(keep_probs) == {1.0} else keep_probs,
            **plain,
        )

    @property
    def drops(self) -> tuple[bool, ...]:
        """Which hidden layers have dropout."""
        return tuple(keep_prob < 1 for keep_prob in self.keep_probs) or (False,) * len(self.hidden_units)

    @property
    def beta_2_or_default(self) -> float:
        return DEFAULT_BETA_2[self.optimizer] if self.beta_2 is None else self.beta_2

    @property
    def decay_rate_or_default(self) -> float:
        return DEFAULT_DECAY_RATE[self.schedule] if self.decay_rate is None else self.decay_rate


_PLAIN_NAMES = tuple(
    field.name for field in fields(TrainingPlan) if field.name in RULES and field.name != "hidden_units"
)

DEFAULT_VALUES: Mapping[str, Any] = {
    "hidden_layers": len(TrainingPlan.hidden_units),
    "hidden_units": TrainingPlan.hidden_units[0],
    "keep_prob": 1.0,
    **{name: getattr(TrainingPlan, name) for name in _PLAIN_NAMES},
}
"""What a training value is where a study does not name it; a layer's own has that of all layers."""
