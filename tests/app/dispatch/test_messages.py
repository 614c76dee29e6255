"""Every message comes through the pipe as it was sent."""

import multiprocessing
from pathlib import Path
from typing import get_args

import pytest

from app.dispatch.messages import (
    Alive,
    Checked,
    CheckGradients,
    DatasetUnreadable,
    Diverged,
    Done,
    Finished,
    JudgeModel,
    Member,
    Message,
    ModelDiffers,
    ModelJudged,
    ModelSaved,
    Order,
    Progress,
    SaveModel,
    TrainPacks,
    WorkFailed,
)
from engine.training import LearningCurve, TrainingPlan
from engine.training.gradient_check import Check, GradientCheck
from engine.training.held_out import Judgement
from engine.training.result import Signals

# Numbers whose last bits a detour through text could lose.
CURVE = LearningCurve([1, 2, 3], [0.1, 1 / 3, 5e-324], [0.1 + 0.2, 1e308, 2**-53])
SIGNALS = Signals([1 / 3, 1e-30], [0.1, 0.2], [0.5], [0.1 + 0.2])

EXAMPLES: list[Message | Order] = [
    TrainPacks(
        Path("/data/digits"),
        (Member(0, TrainingPlan(seed=2**53 - 1, metric="f1")), Member(7, TrainingPlan(hidden_units=(5, 6, 7), l2=0.1))),
    ),
    CheckGradients(Path("/data/digits"), TrainingPlan(), epochs=3),
    SaveModel(
        Path("/data/digits"),
        TrainingPlan(),
        1 / 3,
        ("a", "b"),
        [{"name": "x", "fill": 0.1}],
        Path("/data/models/x.npz"),
    ),
    JudgeModel(Path("/data/digits"), TrainingPlan(), 1 / 3),
    Alive(),
    Progress({0: 12, 7: 13}),
    Finished(
        7, 1 / 3, [0.2, 0.1 + 0.2], {"dev_loss": 0.1 + 0.2, "dev_f1": 1 / 3}, 2, 3, CURVE, SIGNALS, ["saturated"], 5
    ),
    Diverged(7, "the loss became NaN or infinite in epoch 3", 3, CURVE, SIGNALS, ["exploding"]),
    Checked(GradientCheck([Check("W1", 1e-9, 1 / 3, 4, 3, 1)], Check("all", 1e-9, 1 / 3, 4, 3, 1))),
    ModelSaved(),
    ModelJudged(Judgement(7, {"test_f1": 1 / 3, "test_loss": 0.1 + 0.2}, (0.1, 0.1 + 0.2))),
    ModelDiffers(0.1 + 0.2),
    WorkFailed("MemoryError: größer als der Speicher", may_pass=True),
    DatasetUnreadable("FileNotFoundError: x_train.npy"),
    Done(),
]


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: type(message).__name__)
def test_a_message_comes_through_the_pipe_as_it_was_sent(message: Message | Order) -> None:
    receiving, sending = multiprocessing.Pipe(duplex=False)
    with receiving, sending:
        sending.send(message)
        received = receiving.recv()
    assert type(received) is type(message)
    assert repr(received) == repr(message)


def test_every_kind_of_message_has_an_example() -> None:
    assert {type(example) for example in EXAMPLES} == {*get_args(Order), *get_args(Message)}
