"""Arrow files with images in a column: ViLT's, and those that the Hugging Face ``datasets`` library keeps."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from impasto.errors import SourceError
from impasto.extras import need
from impasto.sources.reading.columns import ColumnSource, kinds
from impasto.sources.reading.files import look_at, read_head, require_unchanged

#: How a file begins; a stream has no magic of its own.
ARROW_FILE = b"ARROW1\0\0"


class _File:
    """One file, mapped by each process for itself."""

    def __init__(self, path: str) -> None:
        self.path = str(Path(path).absolute())
        self._before = look_at(self.path)
        self._is_stream = read_head(path, len(ARROW_FILE)) != ARROW_FILE
        self._opened: tuple[int, Any, Any] | None = None
        schema, batches = self._open()
        self.columns: Mapping[str, str] = kinds(schema, path)
        numbers = range(batches.num_record_batches) if not self._is_stream else batches
        self.counts: Sequence[int] = [(self._batch(one) if isinstance(one, int) else one).num_rows for one in numbers]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": None}

    def _open(self) -> tuple[Any, Any]:
        """The schema, and a reader of a file or the batches of a stream."""
        if self._opened is None or self._opened[0] != os.getpid():
            pa = need("pyarrow", "arrow")
            require_unchanged(self.path, self._before)
            try:
                mapped = pa.memory_map(self.path)
                reader = pa.ipc.open_stream(mapped) if self._is_stream else pa.ipc.open_file(mapped)
                batches = _batches(reader, pa, self.path) if self._is_stream else reader
            except (OSError, ValueError) as error:
                raise SourceError(f"this is no Arrow file that can be read: {error}", path=self.path) from error
            self._opened = os.getpid(), reader.schema, batches
        return self._opened[1], self._opened[2]

    def _batch(self, number: int) -> Any:
        _, batches = self._open()
        try:
            return batches[number] if self._is_stream else batches.get_batch(number)
        except (OSError, ValueError, NotImplementedError) as error:
            raise SourceError(f"batch {number} cannot be read: {error}; fetch the file anew", path=self.path) from error

    def read(self, group: int, columns: Sequence[str]) -> Any:
        """Some columns of a batch."""
        return self._batch(group).select(list(columns))


#: What a stream's batches may take of memory besides what is mapped.
_STREAM = 64 << 20


def _batches(reader: Any, pa: Any, path: str) -> list[Any]:
    before = pa.total_allocated_bytes()
    batches = []
    for batch in reader:
        batches.append(batch)
        if pa.total_allocated_bytes() - before > _STREAM:
            reason = "the stream is compressed, so that all of it would lie in memory; write it as an Arrow file"
            raise SourceError(reason, path=path)
    return batches


class Arrow(ColumnSource):
    """Images and captions of Arrow IPC files and streams.

    ViLT's files (``image``, a list ``caption``, ``image_id``, ``split``) are read as they are, and so are those of
    ``datasets.save_to_disk``. They are mapped, not loaded: without compression, a row costs what its own bytes cost, in
    any order. Rows are in the order of the files, and a row's key is its number. A row's facts are all columns but that
    of the images.

    Args:
        files: A path, a brace pattern, a glob pattern, or a sequence of these.
        image: The column of images: encoded bytes, paths relative to the file's folder, or a struct of ``bytes`` and
            ``path``.
        caption: The column of captions (strings or lists of strings), or ``None`` for no captions.
        label: The column of whole numbers, or ``None`` for no labels.

    Raises:
        SourceError: A pattern matches nothing, a file is no Arrow file or has no such columns, there are no rows, or a
            compressed stream would have to be held in memory.
        MissingExtraError: pyarrow is not installed.
    """

    _opened = _File
