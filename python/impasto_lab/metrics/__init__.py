"""Numbers from scores and truth: pure functions."""

from impasto_lab.metrics.retrieval import Retrieval as Retrieval
from impasto_lab.metrics.retrieval import chance as chance
from impasto_lab.metrics.retrieval import retrieval as retrieval
