"""Parquet files with images in a column, as on the Hugging Face hub."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from impasto.errors import SourceError
from impasto.extras import need
from impasto.sources.reading.columns import ColumnSource, kinds
from impasto.sources.reading.files import look_at, require_unchanged


class _File:
    """One file, opened by each process for itself."""

    def __init__(self, path: str) -> None:
        self.path = str(Path(path).absolute())
        self._before = look_at(self.path)
        self._opened: tuple[int, Any] | None = None
        file = self._file()
        self.columns: Mapping[str, str] = kinds(file.schema_arrow, path)
        self.counts: Sequence[int] = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": None}

    def _file(self) -> Any:
        if self._opened is None or self._opened[0] != os.getpid():
            parquet = need("pyarrow.parquet", "arrow")
            require_unchanged(self.path, self._before)
            try:
                self._opened = os.getpid(), parquet.ParquetFile(self.path, memory_map=True)
            except (OSError, ValueError) as error:
                raise SourceError(f"this is no Parquet file that can be read: {error}", path=self.path) from error
        return self._opened[1]

    def read(self, group: int, columns: Sequence[str]) -> Any:
        """Some columns of a row group."""
        file = self._file()
        try:
            return file.read_row_group(group, columns=list(columns), use_threads=False)
        except (OSError, ValueError, NotImplementedError) as error:
            raise SourceError(
                f"row group {group} cannot be read: {error}; fetch the file anew", path=self.path
            ) from error


class Parquet(ColumnSource):
    """Images and captions of Parquet files.

    Rows are in the order of the files, and a row's key is its number. A row group is decoded when a row of it is asked
    for, and up to 256 MB of them are kept: in order, each is decoded once; shuffled, about once for every row, which
    groups of some hundred images make slow. ``shuffle="shards"`` takes groups for shards, of which few are open at
    once; and ``docs/formats.md`` shows how to make an `Arrow` file of it, whose rows are read alone. A row's facts are
    all columns but that of the images.

    Args:
        files: A path, a brace pattern, a glob pattern (``"data/train-*.parquet"``), or a sequence of these.
        image: The column of images: encoded bytes, paths relative to the file's folder, or a struct of ``bytes`` and
            ``path``.
        caption: The column of captions (strings or lists of strings), or ``None`` for no captions.
        label: The column of whole numbers, or ``None`` for no labels.

    Raises:
        SourceError: A pattern matches nothing, a file is no Parquet or has no such columns, or there are no rows.
        MissingExtraError: pyarrow is not installed.
    """

    _opened = _File
