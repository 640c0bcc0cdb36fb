"""Expressions, found in images by where a model looks."""
