"""Cheap relatives of style randomization: no network, or one pass of the predictor."""
