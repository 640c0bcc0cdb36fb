"""Images with their captions beside them."""

from __future__ import annotations

from pathlib import Path

from impasto_lab.worlds.formats.sample import Sample


class ImageTextFolderWriter:
    """Writes ``image_text/{split}/{number}.jpg`` and ``.txt``, which holds the first caption.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        del name
        self._folder = root / "image_text"

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Writes a sample."""
        del number
        folder = self._folder / sample.split
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(sample.image)
        (folder / file).with_suffix(".txt").write_text(sample.captions[0] + "\n", encoding="utf-8")

    def close(self) -> None:
        """All is written."""
