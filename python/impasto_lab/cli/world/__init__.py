"""``impasto world``: small data sets, rendered."""
