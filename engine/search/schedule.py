"""The sizes of rounds that are added to a search that had come to its end."""


def extended(sizes: tuple[int, ...], trials: int) -> tuple[int, ...]:
    """Return `sizes` with rounds for so many more trials.

    What has been tried stays as it was, so rounds are added: as large as the largest after the first, which is often a
    wide one, and a smaller one for what remains.
    """
    size = max(sizes[1:] or sizes)
    whole, rest = divmod(trials, size)
    return (*sizes, *(size,) * whole, *((rest,) if rest else ()))
