"""Eager PyTorch with its fused Adam, one thread, tensors in memory and no DataLoader."""

import torch
from torch import Tensor, nn

from benchmarks.task import KEEP_PROB, L2, Size
from engine.training import Dataset
from engine.training.dataset import Split

torch.set_num_threads(1)


class Trial:
    """One training, made ready once; `run` trains from new weights."""

    def __init__(self, size: Size, dataset: Dataset, epochs: int, *, regularised: bool = False) -> None:
        self.size, self.epochs, self.regularised = size, epochs, regularised
        self.features, self.outputs = dataset.features, dataset.outputs
        self.train = _tensors(dataset.train)
        self.dev = _tensors(dataset.dev)

    def run(self) -> float:
        """Train, measuring the dev rows after each epoch; returns the last error rate."""
        network, loss_of = self._network(), nn.CrossEntropyLoss()
        decay = L2 / len(self.train[1]) if self.regularised else 0.0
        optimizer = torch.optim.Adam(network.parameters(), lr=0.001, weight_decay=decay, fused=True)
        inputs, targets = self.train
        error = 1.0
        for _ in range(self.epochs):
            network.train()
            for rows in torch.randperm(len(targets)).split(self.size.batch_size):
                optimizer.zero_grad(set_to_none=True)
                loss_of(network(inputs[rows]), targets[rows]).backward()
                optimizer.step()
            error = self._dev_error(network)
        return error

    def _dev_error(self, network: nn.Module) -> float:
        network.eval()
        with torch.no_grad():
            inputs, targets = self.dev
            return (network(inputs).argmax(1) != targets).float().mean().item()

    def _network(self) -> nn.Sequential:
        layers: list[nn.Module] = []
        inputs = self.features
        for units in self.size.hidden_units:
            layers.append(nn.Linear(inputs, units, bias=not self.regularised))
            layers += [nn.BatchNorm1d(units)] if self.regularised else []
            layers.append(nn.ReLU())
            layers += [nn.Dropout(1 - KEEP_PROB)] if self.regularised else []
            inputs = units
        return nn.Sequential(*layers, nn.Linear(inputs, self.outputs))


def _tensors(split: Split) -> tuple[Tensor, Tensor]:
    return torch.tensor(split.inputs), torch.tensor(split.targets, dtype=torch.int64)
