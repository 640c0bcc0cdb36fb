"""Scenes with what may be asked and said of them, for the tasks that models are tuned to."""
