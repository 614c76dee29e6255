"""`python -m app.cli` is `parfocal`."""

import sys

from app.cli import main

sys.exit(main())
