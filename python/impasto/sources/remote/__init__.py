"""Shards that lie elsewhere: asked for patiently, copied into a bounded folder, held while they are read."""
