"""Weights that users have, by path: read strictly, and written."""
