"""Search spaces to start from: dense networks, their parameters in the order in which they usually matter.

The learning rate comes first; then momentum, hidden units and batch size; then the number of layers and the decay of
the learning rate; last what holds a network back, `l2` and `keep_prob`. A choice that others hang on stands right
before them. `l2` is λ of λ / (2m) · Σ W² with m training rows, so its range suits tables of some hundred to some ten
thousand rows.
"""

from collections.abc import Mapping

from engine.search.conditions import Condition
from engine.search.parameters import CategoricalParameter, FloatParameter, IntParameter
from engine.search.space import SearchSpace

_HIDDEN_UNITS = IntParameter("hidden_units", 16, 128)
_BATCH_SIZE = CategoricalParameter("batch_size", (32, 64, 128))
_HIDDEN_LAYERS = IntParameter("hidden_layers", 1, 3)
_L2 = FloatParameter("l2", 0.01, 100.0, "log")

_MLP_BASIC = SearchSpace(
    name="mlp-basic",
    parameters=(
        FloatParameter("learning_rate", 0.0001, 0.1, "log"),
        _HIDDEN_UNITS,
        _BATCH_SIZE,
        _HIDDEN_LAYERS,
        _L2,
    ),
)
"""Networks trained by Adam, the default of a training plan."""

_MLP_MOMENTUM = SearchSpace(
    name="mlp-momentum",
    parameters=(
        FloatParameter("learning_rate", 0.001, 1.0, "log"),
        FloatParameter("momentum", 0.9, 0.999, "reverse_log"),
        _HIDDEN_UNITS,
        _BATCH_SIZE,
        _HIDDEN_LAYERS,
        _L2,
        CategoricalParameter("optimizer", ("momentum",)),
    ),
)
"""Networks trained by gradient descent with momentum."""

_MLP_REGULARIZED = SearchSpace(
    name="mlp-regularized",
    parameters=(
        FloatParameter("learning_rate", 0.0001, 0.1, "log"),
        _HIDDEN_UNITS,
        _BATCH_SIZE,
        _HIDDEN_LAYERS,
        _L2,
        FloatParameter("keep_prob", 0.5, 1.0),
        CategoricalParameter("batch_norm", (False, True)),
    ),
)
"""Networks trained by Adam where the variance is high: few rows, or noisy ones."""

_MLP_FULL = SearchSpace(
    name="mlp-full",
    parameters=(
        FloatParameter("learning_rate", 0.0001, 1.0, "log"),
        CategoricalParameter("optimizer", ("momentum", "adam")),
        FloatParameter("momentum", 0.9, 0.999, "reverse_log", when=(Condition("optimizer", ("momentum",)),)),
        IntParameter("hidden_units", 16, 256, scale="log"),
        _BATCH_SIZE,
        _HIDDEN_LAYERS,
        CategoricalParameter("schedule", ("constant", "time")),
        FloatParameter("decay_rate", 0.01, 1.0, "log", when=(Condition("schedule", ("time",)),)),
        _L2,
        FloatParameter("keep_prob", 0.5, 1.0),
    ),
)
"""All of them at once, for budgets of some hundred trials."""

READY_MADE: Mapping[str, SearchSpace] = {
    str(space.name): space for space in (_MLP_BASIC, _MLP_MOMENTUM, _MLP_REGULARIZED, _MLP_FULL)
}
