"""``impasto bench``: how fast it is here, beside its peers."""
