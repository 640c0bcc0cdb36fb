"""The loader on shards that are packed in every way."""
