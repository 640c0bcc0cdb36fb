"""Where a model looks, over pictures."""
