"""Models of the papers and of the demonstrations."""

from impasto_lab.models.dual_encoder import DualEncoder

__all__ = ["DualEncoder"]
