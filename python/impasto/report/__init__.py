"""Pictures, plots and pages that people look at."""

from impasto.report.page import write_page
from impasto.report.pictures import data_uri, unnormalize
from impasto.report.plots import bars, curves
from impasto.report.tokens import Word, words

__all__ = ["Word", "bars", "curves", "data_uri", "unnormalize", "words", "write_page"]
