"""The sample data as datasets on disk, like any uploaded one."""

from pathlib import Path

import numpy as np

from app.tables.encoding import Encoder, NumberColumn
from app.tables.files import StoredDataset, store
from app.tables.prepared import PreparedDataset, standardise
from engine.training.samples import Sample, read_sample


def store_sample(root: Path, name: str) -> StoredDataset:
    """Store the sample data set `name`; raises InvalidField if there is none of that name."""
    sample = read_sample(name)
    dataset, test_split = standardise(
        sample.task, (sample.rows(split) for split in ("train", "dev", "test")), len(sample.classes), sample.image_shape
    )
    return store(
        root,
        PreparedDataset(dataset, test_split, sample.target, sample.classes, _encoder(sample), {"sample": name}),
    )


def _encoder(sample: Sample) -> Encoder:
    """Samples are all numbers, and none is missing."""
    medians = np.median(sample.rows("train")[0], axis=0)
    return Encoder(
        tuple(
            NumberColumn(name, float(median), has_missing=False)
            for name, median in zip(sample.columns, medians, strict=True)
        )
    )
