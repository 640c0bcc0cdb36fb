"""How long retrieval takes: towers, pairs of the first candidates, and all pairs."""
