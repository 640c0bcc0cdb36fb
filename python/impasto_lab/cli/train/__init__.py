"""``impasto train``."""
