"""``impasto reproduce``: experiments, run again."""
