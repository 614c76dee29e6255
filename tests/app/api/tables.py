"""Tables and arrays to upload, and how."""

import io
from typing import Any

import httpx
import numpy as np

ROWS = 60
FLOWERS = "size,place,kind\n" + "".join(
    f"{row / 7},{'' if row == 5 else 'sun' if row % 2 else 'shade'},{'abc'[row % 3]}\n" for row in range(ROWS)
)
PRICES = "area;rooms;price\n" + "".join(f"{row};{row % 4};{row * 1000.5}\n" for row in range(ROWS))

PIXELS = "a,b,c,d,y\n" + "".join(f"{row},{row * 2},{row % 5},1,{row % 2}\n" for row in range(ROWS))


def upload(api: httpx.Client, table: str | bytes, filename: str = "table.csv", **fields: Any) -> httpx.Response:
    return api.post("/v1/datasets", files={"file": (filename, table, "text/csv")}, data=fields)


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def bars() -> bytes:
    """Noisy pictures (5, 4) of a bar that lies or stands."""
    rng = np.random.default_rng(0)
    images, stands = rng.integers(0, 50, (ROWS, 5, 4), dtype=np.uint8), np.arange(ROWS) % 2 == 1
    images[stands, :, 2] += 200
    images[~stands, 2, :] += 200
    return npz(x=images, y=np.where(stands, "stands", "lies"))
