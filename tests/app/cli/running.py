"""What the tests of the client and the command run, and what comes of it."""

from collections.abc import Callable
from dataclasses import dataclass

SMALL_STUDY = {
    "name": "small",
    "seed": 0,
    "trials": 18,
    "confirm": {"finalists": 2, "repeats": 3},
    "objective": {"dataset": "breast-cancer", "training": {"epochs": 5}},
    "strategy": {"type": "coarse_to_fine", "rounds": 3},
}
LONG_STUDY = {"name": "long", "trials": 1000, "objective": {"dataset": "digits", "training": {"epochs": 1000}}}


@dataclass(frozen=True)
class Outcome:
    exit_code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on the standard error."""
        assert self.err.startswith("parfocal: "), self.err
        assert self.err.count("\n") == 1, self.err
        return self.err.removeprefix("parfocal: ").removesuffix("\n")


Parfocal = Callable[..., Outcome]
