"""Formats of boxes and masks: what a sample shows is its fact `instances`."""
