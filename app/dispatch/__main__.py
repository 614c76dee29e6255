"""The dispatcher's process: `python -m app.dispatch`.

The fork server imports this module again, and every worker is forked from it: whatever the top of this file imports
would be loaded in all of them. So it imports the standard library alone.
"""

import os
import signal
import sys


def main() -> int:
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is loaded: one core per pack, and the same bits everywhere
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    from app.dispatch.process import run_dispatcher
    from app.settings import Settings

    return run_dispatcher(Settings())


if __name__ == "__main__":
    sys.exit(main())
