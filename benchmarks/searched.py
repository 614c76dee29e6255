"""The study that is timed: small networks on the digits, of all sizes, each trained once and to its end."""

from typing import Any

TRAINING = {"optimizer": "momentum", "epochs": 20}
SPACE = {
    "parameters": [
        {"name": "learning_rate", "type": "float", "low": 0.001, "high": 1, "scale": "log"},
        {"name": "momentum", "type": "float", "low": 0.9, "high": 0.999, "scale": "reverse_log"},
        {"name": "hidden_units", "type": "int", "low": 16, "high": 100},
        {"name": "hidden_layers", "type": "int", "low": 1, "high": 3},
        {"name": "batch_size", "type": "categorical", "choices": [32, 64, 128]},
    ]
}


def searched_digits(seed: int, trials: int) -> dict[str, Any]:
    """The study as it is submitted, with the default strategy."""
    return {
        "seed": seed,
        "objective": {"dataset": "digits", "training": TRAINING},
        "search_space": SPACE,
        "trials": trials,
        "confirm": None,
        "pruning": None,
    }
