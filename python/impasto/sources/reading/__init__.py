"""What formats share: files, tables, folders, shards, captions."""
