"""Classes that a model was never trained on, told by their names."""
