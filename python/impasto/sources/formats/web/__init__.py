"""Data sets whose images come from the web or in parts: models are pretrained on them."""
