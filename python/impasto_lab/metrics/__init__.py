"""Numbers from scores and truth: pure functions."""

from impasto_lab.metrics.retrieving import Retrieval as Retrieval
from impasto_lab.metrics.retrieving import chance as chance
from impasto_lab.metrics.retrieving import retrieval as retrieval
