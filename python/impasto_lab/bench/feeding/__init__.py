"""Training steps on a device, and loaders that feed them."""
