"""The stage's command line."""

import sys

from pipelines.codeswitch.stage import main

sys.exit(main())
