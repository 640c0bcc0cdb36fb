"""Frameworks that drive a loader, each against one list of expected batches."""

import sys
from pathlib import Path

import pytest
import torch

# Processes that the tests start import it too.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def one_thread():
    """Tiny models take longer on two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
