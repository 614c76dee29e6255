"""scikit-learn's MLPClassifier. It cannot measure the dev rows each epoch without a pass of its own, so it does not."""

import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.task import Size
from engine.training import Dataset


class Trial:
    def __init__(self, size: Size, dataset: Dataset, epochs: int) -> None:
        self.dataset = dataset
        self.settings = {
            "hidden_layer_sizes": size.hidden_units,
            "batch_size": size.batch_size,
            "max_iter": epochs,
            "n_iter_no_change": epochs,
            "alpha": 0.0,
        }

    def run(self) -> float:
        """Train, and measure the dev rows once; returns the error rate."""
        network = MLPClassifier(**self.settings)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it ends after the epochs it was given: as meant
            network.fit(self.dataset.train.inputs, self.dataset.train.targets)
        return 1 - float(network.score(self.dataset.dev.inputs, self.dataset.dev.targets))
