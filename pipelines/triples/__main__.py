"""``python -m pipelines.triples``."""

import sys

from pipelines.triples.stage import main

if __name__ == "__main__":
    sys.exit(main())
