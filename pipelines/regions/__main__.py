import sys

from pipelines.regions.stage import main

sys.exit(main())
