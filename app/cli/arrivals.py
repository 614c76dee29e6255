"""What waits for a round of a study to open, in words."""

from collections.abc import Iterator

from app.client import Answer
from app.lifecycle import STUDY_LIFE, StudyState

WHAT_FOR = {"enqueued": "to be tried", "imported": "to be learnt from"}


def waiting(study: Answer) -> Iterator[str]:
    """A sentence for each kind that waits; none if no round will ever open."""
    if study["state"] in (StudyState.FAILED, StudyState.CANCELLED):
        return
    following = next_round(study)
    when = "once the study is extended" if following is None else f"when round {following} opens"
    for kind, what_for in WHAT_FOR.items():
        if count := study["arrivals"][kind]:
            yield f"{count} {'trial waits' if count == 1 else 'trials wait'} {what_for} {when}"


def next_round(study: Answer) -> int | None:
    """The number of the round that opens next; None where the last one has opened, or the study has ended."""
    following = 0 if study["round"] is None else study["round"] + 1
    return following if following < study["rounds"] and study["state"] not in STUDY_LIFE.ends else None
