"""Where the values of a space lie for a model: unit coordinates, and columns whose differences are distances."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.search.history import Observation
from engine.search.parameters import CategoricalParameter, IntParameter, Parameter
from engine.search.scalars import Scalar
from engine.search.space import SearchSpace

Array = NDArray[np.float64]

MOST_GRID_POINTS = 1000  # an int parameter of more values is as good as continuous


class Coordinates:
    """The unit coordinates of trials in `space`: (trials, parameters), NaN where a trial lacks the parameter."""

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        self._grids = [_grid(parameter) for parameter in space.parameters]
        self._named = {condition.name for parameter in space.parameters for condition in parameter.when}
        widths = [_width(parameter) for parameter in space.parameters]
        self.parameter_of = np.repeat(np.arange(len(widths)), widths)  # of each column

    def of_trials(self, trials: Sequence[Observation]) -> Array:
        units = np.full((len(trials), len(self.space.parameters)), np.nan)
        for row, trial in enumerate(trials):
            for column, parameter in enumerate(self.space.parameters):
                if parameter.name in trial.values:
                    units[row, column] = parameter.to_unit(trial.values[parameter.name])
        return units

    def values(self, units: Array) -> dict[str, Scalar]:
        """Return the values of one trial at `units` (parameters,)."""
        drawn = {
            parameter.name: parameter.from_unit(0.5 if np.isnan(unit) else unit)
            for parameter, unit in zip(self.space.parameters, units.tolist(), strict=True)
        }
        return self.space.present(drawn)

    def settled(self, units: Array) -> Array:
        """Return where trials at `units` lie: each coordinate on a value, NaN where conditions do not hold."""
        settled = units.copy()
        for column, grid in enumerate(self._grids):
            if grid is not None:
                edges = (grid[1:] + grid[:-1]) / 2
                settled[:, column] = grid[np.searchsorted(edges, units[:, column], side="right")]
            elif self.space.parameters[column].name in self._named:
                settled[:, column] = _on_values(self.space.parameters[column], units[:, column])
        for column, parameter in enumerate(self.space.parameters):
            for condition in parameter.when:
                named = self.space.names.index(condition.name)
                allowed = [self.space.parameters[named].to_unit(value) for value in condition.values]
                settled[~np.isin(settled[:, named], allowed), column] = np.nan
        return settled

    def columns(self, units: Array) -> Array:
        """Return the points (trials, columns) of settled units.

        A number is one column. A choice among k is k columns, of which its own holds √½: two choices lie as far
        apart as the ends of a range. What a trial lacks lies in the middle of all values.
        """
        return np.hstack([_columns(*each) for each in zip(self.space.parameters, units.T, strict=True)])


def _grid(parameter: Parameter) -> Array | None:
    """Return the unit coordinates of all values, rising; None if there are too many."""
    if isinstance(parameter, CategoricalParameter):
        return np.array([parameter.to_unit(choice) for choice in parameter.choices])
    if isinstance(parameter, IntParameter) and parameter.count <= MOST_GRID_POINTS:
        return np.array([parameter.to_unit(parameter.at(index)) for index in range(parameter.count)])
    return None


def _on_values(parameter: Parameter, units: Array) -> Array:
    return np.array([parameter.to_unit(parameter.from_unit(unit)) for unit in units.tolist()])


def _width(parameter: Parameter) -> int:
    return len(parameter.choices) if isinstance(parameter, CategoricalParameter) else 1


def _columns(parameter: Parameter, units: Array) -> Array:
    if not isinstance(parameter, CategoricalParameter):
        return np.nan_to_num(units, nan=0.5)[:, None]
    count = len(parameter.choices)
    chosen = np.floor(np.nan_to_num(units, nan=-1.0) * count)  # -1 and less: no choice
    return np.sqrt(0.5) * (chosen[:, None] == np.arange(count))
