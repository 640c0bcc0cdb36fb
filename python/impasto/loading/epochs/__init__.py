"""What an epoch is made of, and where a run stands in it: layout, keys, ranks, states."""
