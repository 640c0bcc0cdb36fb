"""``python -m impasto``: the verbs of the library."""

import sys

from impasto.cli import main

if __name__ == "__main__":
    sys.exit(main())
