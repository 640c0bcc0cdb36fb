"""Pictures, plots and pages that people look at."""

from impasto_lab.report.page import write_page
from impasto_lab.report.pictures import unnormalize
from impasto_lab.report.plots import bars, curves
from impasto_lab.report.tokens import Word, words

__all__ = ["Word", "bars", "curves", "unnormalize", "words", "write_page"]
