"""Search spaces to start from: dense networks, their parameters in the order in which they usually matter.

The learning rate comes first; then momentum, hidden units and batch size; then the number of layers and the weight
decay. `l2` is λ of λ / (2m) · Σ W² with m training rows, so its range suits tables of some hundred to some ten
thousand rows.
"""

from collections.abc import Mapping

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

READY_MADE: Mapping[str, SearchSpace] = {str(space.name): space for space in (_MLP_BASIC, _MLP_MOMENTUM)}
