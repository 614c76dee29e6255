"""What the last bits of a result depend on besides its plan and dataset."""

import platform
from typing import Any

import numpy as np


def numeric_environment() -> dict[str, Any]:
    """The versions of NumPy and its BLAS, and the machine's type with the vector extensions that NumPy found."""
    configuration: Any = np.show_config(mode="dicts")
    blas = configuration["Build Dependencies"]["blas"]
    return {
        "numpy": np.__version__,
        "blas": f"{blas['name']} {blas['version']}",
        "machine": platform.machine(),
        "vector_extensions": configuration["SIMD Extensions"]["found"],
    }
