"""How the training rows are cut into mini-batches."""


def batch_bounds(rows: int, batch_size: int, *, batch_norm: bool) -> list[tuple[int, int]]:
    """(start, stop) of each mini-batch of an epoch. The last may be short.

    With batch norm a last batch of one row, which has no variance, joins the one before it.
    """
    bounds = [(start, min(start + batch_size, rows)) for start in range(0, rows, batch_size)]
    if batch_norm and len(bounds) > 1 and bounds[-1][1] - bounds[-1][0] == 1:
        bounds[-2:] = [(bounds[-2][0], rows)]
    return bounds
