"""``impasto show``: pages that show what is made of a data set."""
