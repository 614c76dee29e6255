"""Room two: which values to try next. A search space, what is known of the trials so far, and where to look now."""

from engine.search.borders import Border, touched_borders
from engine.search.box import Box
from engine.search.coarse_to_fine import CoarseToFine
from engine.search.conditions import Condition
from engine.search.confirmation import Confirmation, Finalist, winner_of
from engine.search.grid import GridSearch
from engine.search.history import Observation, ranked
from engine.search.importances import Importance, importances
from engine.search.minimize import SearchResult, SearchRound, minimize
from engine.search.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter
from engine.search.preview import ChoicePreview, NumericPreview, preview
from engine.search.proposals import Proposals, draw
from engine.search.pruning import Pruning, pruning_from_json
from engine.search.quasi_random import QuasiRandomSearch
from engine.search.random_search import RandomSearch
from engine.search.ready_made import READY_MADE
from engine.search.scalars import Scalar
from engine.search.space import SearchSpace
from engine.search.stop_curve import StopCurve
from engine.search.strategy import Strategy, strategy_from_json
from engine.search.successive_halving import SuccessiveHalving

__all__ = [
    "READY_MADE",
    "Border",
    "Box",
    "CategoricalParameter",
    "ChoicePreview",
    "CoarseToFine",
    "Condition",
    "Confirmation",
    "Finalist",
    "FloatParameter",
    "GridSearch",
    "Importance",
    "IntParameter",
    "NumericPreview",
    "Observation",
    "Parameter",
    "Proposals",
    "Pruning",
    "QuasiRandomSearch",
    "RandomSearch",
    "Scalar",
    "SearchResult",
    "SearchRound",
    "SearchSpace",
    "StopCurve",
    "Strategy",
    "SuccessiveHalving",
    "draw",
    "importances",
    "minimize",
    "preview",
    "pruning_from_json",
    "ranked",
    "strategy_from_json",
    "touched_borders",
    "winner_of",
]
