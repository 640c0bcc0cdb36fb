"""Frameworks that drive a loader, each against one list of expected batches."""

import sys
from pathlib import Path

# Processes that the tests start import it too.
sys.path.insert(0, str(Path(__file__).parent))
