"""Random styles at work: what is drawn for a batch, and the module that paints it."""
