"""What the errors of a training say: the verdict, the two gaps, and what to try next."""

from dataclasses import replace
from typing import get_args

import pytest

from engine.training.advice import ADVICE, advice_for
from engine.training.augmentation import Augmentation
from engine.training.diagnosis import Verdict, diagnosis_of, verdict_of
from engine.training.plan import TrainingPlan
from engine.training.result import Sign
from engine.training.samples import load_dataset
from engine.training.train import train

PLAN = TrainingPlan()


def errors(train_error: float, dev_error: float) -> dict[str, float]:
    return {"train_error_rate": train_error, "dev_error_rate": dev_error, "train_loss": 1.0, "dev_loss": 1.0}


@pytest.mark.parametrize(
    ("base", "train_error", "dev_error", "verdict"),
    [
        (0.0, 0.01, 0.11, "high_variance"),
        (0.0, 0.15, 0.16, "high_bias"),
        (0.0, 0.15, 0.30, "both"),
        (0.0, 0.005, 0.01, "good"),
        (0.15, 0.15, 0.16, "good"),
        (0.15, 0.10, 0.16, "high_variance"),  # better than the base error on the rows it has seen
        (0.01, 0.03, 0.05, "good"),  # two points each: high is what is above
        (0.0, 0.021, 0.041, "high_bias"),
        (0.0, 0.05, 0.02, "high_bias"),  # lucky on dev
    ],
)
def test_the_verdict_follows_from_both_gaps(base: float, train_error: float, dev_error: float, verdict: str) -> None:
    diagnosis = diagnosis_of(errors(train_error, dev_error), [], PLAN, base)
    assert diagnosis.verdict == verdict
    assert diagnosis.avoidable_bias == pytest.approx(train_error - base)
    assert diagnosis.variance == pytest.approx(dev_error - train_error)


def test_what_is_high_can_be_set() -> None:
    assert verdict_of(0.04, 0.06, 0.05) == "high_variance"
    assert verdict_of(0.0, 0.0, 0.0) == "good"
    assert diagnosis_of(errors(0.04, 0.05), [], PLAN, high_gap=0.05).verdict == "good"


def test_a_metric_other_than_the_error_rate_has_signs_and_no_verdict() -> None:
    for metric, metrics in (("f1", errors(0.0, 0.5)), (None, {"train_rmse": 1.0, "dev_rmse": 2.0}), (None, {})):
        diagnosis = diagnosis_of(metrics, ["saturated"], replace(PLAN, metric=metric))
        assert (diagnosis.verdict, diagnosis.avoidable_bias, diagnosis.variance) == (None, None, None)
        assert diagnosis.signs == ["saturated"]
        assert diagnosis.advice


def test_a_training_that_is_good_needs_no_advice() -> None:
    assert diagnosis_of(errors(0.0, 0.01), [], PLAN).advice == []


def test_every_finding_has_advice_for_some_plan() -> None:
    assert set(ADVICE) == {*get_args(Sign), *get_args(Verdict)} - {"good"}
    for finding in ADVICE:
        assert advice_for([finding], PLAN)


def test_advice_leaves_out_what_a_plan_does_already() -> None:
    plan = TrainingPlan(
        batch_norm=True, activation="leaky_relu", early_stopping_patience=3, augmentation=Augmentation(flip=True)
    )
    advice = advice_for(list(ADVICE), plan)
    for done in ("batch_norm", "relu", "early_stopping", "augment", "normalize_inputs", "auto", "l1", "adam"):
        assert not any(done in text.replace("use more l2, or a lower keep_prob", "") for text in advice)


def test_advice_speaks_of_what_a_plan_does_wrong() -> None:
    plan = TrainingPlan(
        normalize_inputs=False,
        initializer="normal",
        optimizer="sgd",
        activation="sigmoid",
        l1=1.0,
        keep_probs=(0.5, 1.0),
    )
    advice = advice_for(list(ADVICE), plan)
    for done in ("batch_norm", "use relu", "normalize_inputs", "auto", "less l1", "adam", "higher keep_prob"):
        assert any(done in text for text in advice)
    assert len(set(advice)) == len(advice)


def test_where_bias_and_variance_are_both_high_the_bias_goes_first_and_nothing_that_would_raise_it() -> None:
    plan = replace(PLAN, l2=1.0, keep_probs=(0.5, 0.5))
    advice = diagnosis_of(errors(0.15, 0.30), [], plan).advice
    assert advice[:-1] == advice_for(["high_bias"], plan)
    assert advice[-1] == "get more training rows"
    assert "use more l2, or a lower keep_prob" in advice_for(["high_variance"], plan)


def test_no_finding_is_met_with_both_a_higher_and_a_lower_learning_rate() -> None:
    together = [finding for finding in ADVICE if finding != "plateau"]  # told only where the others do not explain it
    assert not any("higher learning_rate" in text for text in advice_for(together, PLAN))


def test_two_units_are_too_few_for_ten_digits_and_two_layers_learn_their_rows_by_heart() -> None:
    digits = load_dataset("digits")
    narrow = TrainingPlan(hidden_units=(2,), epochs=60)
    small = train(narrow, digits)
    assert diagnosis_of(small.metrics, small.signs, narrow).verdict in ("high_bias", "both")
    large = train(PLAN, digits)
    assert diagnosis_of(large.metrics, large.signs, PLAN).verdict == "high_variance"
