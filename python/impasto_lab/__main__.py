"""``python -m impasto_lab`` (and ``torchrun -m impasto_lab``): the command line."""

import sys

from impasto_lab.cli import main

if __name__ == "__main__":
    sys.exit(main())
