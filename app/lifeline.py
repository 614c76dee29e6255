"""A pipe from parent to child that tells the child when the parent has ended, however it ended."""

import os
import threading

VARIABLE = "PARFOCAL_LIFELINE"  # the descriptor of the pipe's reading end


def exit_with_parent() -> None:
    """End this process as soon as the parent that gave it a lifeline is gone. Without one, do nothing."""
    descriptor = os.environ.pop(VARIABLE, None)
    if descriptor is not None:
        os.set_inheritable(int(descriptor), False)
        threading.Thread(target=_wait_for_end, args=[int(descriptor)], daemon=True).start()


def _wait_for_end(descriptor: int) -> None:
    os.read(descriptor, 1)  # nothing is ever written: it returns at end of file
    os._exit(1)
