"""Karpathy's splits: one JSON of all images, with their sentences in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from impasto_lab.worlds.formats.sample import Sample
from impasto_lab.worlds.formats.text import save


class KarpathyWriter:
    """Writes ``dataset_{name}.json``.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._path = root / f"dataset_{name}.json"
        self._name = name
        self._images: list[dict[str, Any]] = []
        self._sentences = 0

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Notes a sample."""
        ids = list(range(self._sentences, self._sentences + len(sample.captions)))
        self._sentences += len(ids)
        sentences = [
            {"raw": caption, "tokens": _words(caption), "imgid": number - 1, "sentid": sentence}
            for sentence, caption in zip(ids, sample.captions, strict=True)
        ]
        image = {"filename": file, "imgid": number - 1, "cocoid": number, "split": sample.split}
        self._images.append({**image, "sentids": ids, "sentences": sentences})

    def close(self) -> None:
        """Writes the file."""
        save(self._path, {"images": self._images, "dataset": self._name})


def _words(caption: str) -> list[str]:
    """Lower-case words without punctuation, as in Karpathy's files."""
    kept = "".join(character if character.isalnum() or character in "-'" else " " for character in caption.lower())
    return kept.split()
