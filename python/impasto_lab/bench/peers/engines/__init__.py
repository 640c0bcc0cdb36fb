"""Packages that do the whole way from files to batches by threads of their own."""
