"""``python -m reports``."""

import sys

from reports.stage import main

sys.exit(main())
