"""The networks of style transfer, as they are defined and trained."""
