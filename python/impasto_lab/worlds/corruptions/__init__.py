"""Fifteen ways in which pictures get worse, five degrees of each (Hendrycks and Dietterich 2019, arXiv 1903.12261)."""

from impasto_lab.worlds.corruptions.corrupting import CORRUPTIONS, SEVERITIES, corrupt

__all__ = ["CORRUPTIONS", "SEVERITIES", "corrupt"]
