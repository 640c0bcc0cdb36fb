"""``impasto style``: what style models are made of."""
