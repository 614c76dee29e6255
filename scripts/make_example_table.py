"""Write examples/apartments.csv: an invented table with numbers, text categories and missing values.

The price follows from size, age, district and balcony, with some noise; the numbers mean nothing.
"""

import csv
from pathlib import Path

import numpy as np

ROWS = 400
PRICE_PER_METRE = {"old town": 5200, "harbour": 4600, "west": 3900, "hills": 4300, "station": 3300}
TARGET = Path(__file__).parent.parent / "examples" / "apartments.csv"


def main() -> None:
    generator = np.random.default_rng(0)
    TARGET.parent.mkdir(exist_ok=True)
    with TARGET.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["size", "rooms", "built", "district", "balcony", "price"])
        writer.writerows(row(generator) for _ in range(ROWS))


def row(generator: np.random.Generator) -> list[object]:
    size = int(generator.gamma(9, 8)) + 18
    rooms = max(1, round(size / 26 + generator.normal(0, 0.5)))
    built = int(generator.integers(1890, 2024))
    district = str(generator.choice(list(PRICE_PER_METRE)))
    balcony = bool(generator.random() < 0.5)
    charm = 1.12 if built < 1920 else 0.85 + 0.3 * (built - 1920) / 104
    price = (size * PRICE_PER_METRE[district] * charm + 15_000 * balcony) * generator.normal(1, 0.05)
    cells: list[object] = [size, rooms, built, district, "yes" if balcony else "no", round(price, -2)]
    if generator.random() < 0.15:
        cells[2] = ""  # nobody knows when it was built
    if generator.random() < 0.05:
        cells[4] = ""
    return cells


if __name__ == "__main__":
    main()
