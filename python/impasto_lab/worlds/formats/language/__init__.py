"""Questions, hypotheses, statements about pairs, and referring expressions: one writer for each of the real formats."""
