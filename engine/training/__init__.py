"""Networks and how they learn, many at a time. NumPy alone."""

from engine.training.dataset import Dataset, open_dataset
from engine.training.packing import pack_key
from engine.training.plan import TrainingPlan
from engine.training.result import LearningCurve, TrainingResult
from engine.training.samples import load_dataset
from engine.training.train import train, train_pack

__all__ = [
    "Dataset",
    "LearningCurve",
    "TrainingPlan",
    "TrainingResult",
    "load_dataset",
    "open_dataset",
    "pack_key",
    "train",
    "train_pack",
]
