"""The stage's command line."""

import sys

from pipelines.lexicon.stage import main

sys.exit(main())
