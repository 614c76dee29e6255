"""What to try next for each finding of a diagnosis, as far as a plan does not do it yet."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from engine.training.plan import TrainingPlan
from engine.training.result import Sign

Finding = Literal[Sign, "high_bias", "high_variance", "both"]


@dataclass(frozen=True)
class Advice:
    text: str
    fits: Callable[[TrainingPlan], bool] = lambda _plan: True


LOWER_RATE = Advice("use a lower learning_rate")
NORMALISE = Advice("set normalize_inputs", lambda plan: not plan.normalize_inputs)
BATCH_NORM = Advice("use batch_norm", lambda plan: not plan.batch_norm and plan.batch_size > 1)
AUTO = Advice("initialise with auto: he before relu, else xavier", lambda plan: plan.initializer != "auto")
RELU = Advice("use relu", lambda plan: plan.activation in ("sigmoid", "tanh"))
LESS_PENALTY = Advice("use less l1 and l2", lambda plan: plan.l1 > 0 or plan.l2 > 0)
FIT_BETTER = (
    Advice("train longer"),
    Advice("use a larger network"),
    Advice("try another learning_rate or optimizer"),
    LESS_PENALTY,
    Advice("use a higher keep_prob", lambda plan: any(plan.drops)),
)
MORE_ROWS = Advice("get more training rows")

ADVICE: dict[Finding, tuple[Advice, ...]] = {
    "high_bias": FIT_BETTER,
    "both": (*FIT_BETTER, MORE_ROWS),  # all else that lowers variance raises bias, which goes first
    "high_variance": (
        MORE_ROWS,
        Advice("augment them, if they are images", lambda plan: plan.augmentation is None),
        Advice("use more l2, or a lower keep_prob"),
        Advice("set early_stopping_patience", lambda plan: plan.early_stopping_patience is None),
        Advice("use a smaller network"),
    ),
    "vanishing": (
        AUTO,
        RELU,
        BATCH_NORM,
        NORMALISE,
        Advice("use fewer layers", lambda plan: len(plan.hidden_units) > 1),
    ),
    "exploding": (LOWER_RATE, NORMALISE, AUTO, BATCH_NORM),
    "saturated": (
        LOWER_RATE,
        NORMALISE,
        RELU,
        Advice("use leaky_relu", lambda plan: plan.activation == "relu"),
        BATCH_NORM,
    ),
    "plateau": (
        Advice("use adam", lambda plan: plan.optimizer not in ("adam", "rmsprop")),
        Advice("use a higher learning_rate"),
        BATCH_NORM,
        LESS_PENALTY,
    ),
}


def advice_for(findings: Iterable[Finding], plan: TrainingPlan) -> list[str]:
    """What to try for each finding in turn, without repeats."""
    fitting = (advice.text for finding in findings for advice in ADVICE[finding] if advice.fits(plan))
    return list(dict.fromkeys(fitting))
