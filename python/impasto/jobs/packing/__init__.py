"""Data sets into tar shards, and shards looked at again: `impasto.jobs.pack` and `impasto.jobs.verify`."""
