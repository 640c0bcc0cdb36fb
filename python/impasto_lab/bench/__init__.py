"""Benchmarks beside peers: the same bytes, answers compared before anything is timed."""
