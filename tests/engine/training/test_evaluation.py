"""What networks answer, piece by piece, against the same networks in plain NumPy."""

from dataclasses import replace

import numpy as np
import pytest

from engine.training.evaluation import Evaluation, piece_rows
from engine.training.initializers import initial_parameters
from engine.training.layers.activations import ACTIVATIONS, ActivationName
from engine.training.parameters import Shape
from engine.training.plan import TrainingPlan
from tests.engine.training.plain_network import logits_of
from tests.engine.training.small_data import wave

PIECE_ROWS = piece_rows(Shape((3, 32, 32, 1)))


@pytest.mark.parametrize("rows", [1, PIECE_ROWS - 1, PIECE_ROWS, PIECE_ROWS + 1, 2 * PIECE_ROWS + 7])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_row_is_answered_whatever_their_number(activation: ActivationName, rows: int) -> None:
    dataset = wave(dev_rows=rows)
    plan = TrainingPlan(activation=activation)
    plans = [replace(plan, hidden_units=hidden) for hidden in [(5, 9), (32, 1), (3, 32)]]
    parameters = initial_parameters(Shape((dataset.features, 32, 32, 1)), plans)
    outputs = Evaluation(parameters, plans, dataset).outputs(dataset.dev)

    undo = dataset.target_standardisation.undo
    for member, plan in enumerate(plans):
        own = parameters.own(member, plan.hidden_units)
        answers = logits_of(own, activation, dataset.dev.inputs)[:, 0]
        np.testing.assert_allclose(outputs.predicted[member], undo(answers), rtol=1e-6)
        np.testing.assert_allclose(outputs.loss[member], np.square(answers - dataset.dev.targets).mean(), rtol=1e-5)
    np.testing.assert_allclose(outputs.targets, undo(dataset.dev.targets[None].astype(np.float64)))


def test_the_wider_a_network_the_fewer_rows_are_evaluated_at_once() -> None:
    assert [piece_rows(Shape((784, widest, 4, 10))) for widest in (16, 64, 256, 4096)] == [2048, 512, 128, 64]
