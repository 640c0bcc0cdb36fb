"""Stands before the lab where the library's tests run: they have to pass without it."""

raise ModuleNotFoundError("the library's tests run without impasto_lab", name="impasto_lab")
