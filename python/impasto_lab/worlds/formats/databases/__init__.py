"""Writers whose files another library makes: pyarrow, datasets, lmdb."""
