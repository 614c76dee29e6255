"""The initial weights: normal draws whose variance keeps a signal's size from layer to layer. Biases start at 0."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from engine.seeding import Purpose, generator
from engine.training.layers.activations import ActivationName
from engine.training.parameters import Parameters, Shape
from engine.training.plan import TrainingPlan
from engine.training.values import InitializerName


def variance(initializer: InitializerName, activation: ActivationName | None, inputs: int, outputs: int) -> float:
    """The variance of the weights of a layer with `inputs` and `outputs` units.

    he 2 / n_in (He et al. 2015: relu halves the signal), xavier 2 / (n_in + n_out) (Glorot and Bengio 2010),
    lecun 1 / n_in (LeCun et al. 1998), normal 0.0001 whatever the sizes. `auto` takes he before a relu or leaky relu,
    else xavier. `activation` is None for the output layer.
    """
    chosen = initializer
    if initializer == "auto":
        chosen = "he" if activation in ("relu", "leaky_relu") else "xavier"
    by_size = {"he": 2 / inputs, "xavier": 2 / (inputs + outputs), "lecun": 1 / inputs, "normal": 0.01**2}
    return by_size[chosen]


def initial_parameters(shape: Shape, plans: Sequence[TrainingPlan], dtype: type = np.float32) -> Parameters:
    """Draw each member's weights from its own seed, in float64, at its own widths; padding stays 0.

    Batch norm starts with γ = 1 and β = 0, and before it has seen a batch with means of 0 and variances of 1.
    """
    parameters = Parameters.zeros(shape, len(plans), dtype)
    for own in parameters.layers:
        if own.scales is not None:
            own.scales[:] = 1
    for statistics in parameters.statistics:
        statistics.variances[:] = 1
    for member, plan in enumerate(plans):
        units = (shape.units[0], *plan.hidden_units, shape.units[-1])
        for layer, (inputs, outputs) in enumerate(pairwise(units)):
            activation = plan.activation if layer < len(plan.hidden_units) else None
            deviation = np.sqrt(variance(plan.initializer, activation, inputs, outputs))
            draws = generator(plan.seed, Purpose.WEIGHTS, layer).standard_normal((inputs, outputs))
            parameters.weights[layer][member, :inputs, :outputs] = draws * deviation
    return parameters
