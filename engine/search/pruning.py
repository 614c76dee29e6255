"""Which trials are given up before their end, so that their time goes to better ones."""

from collections.abc import Mapping

from engine.search.fields import read_typed
from engine.search.stop_curve import StopCurve
from engine.search.successive_halving import SuccessiveHalving

Pruning = StopCurve | SuccessiveHalving

_TYPES: Mapping[str, type[Pruning]] = {pruning.type: pruning for pruning in (StopCurve, SuccessiveHalving)}


def pruning_from_json(document: object) -> Pruning:
    """Return the pruning that `document` describes: {"type": "stop_curve", "grace_epochs": 3, …}.

    Raises InvalidField for an unknown type or option and for an option out of its range.
    """
    return read_typed("a pruning", document, _TYPES)
