"""Images in one folder a class, as torchvision's ImageFolder reads them."""

from __future__ import annotations

from pathlib import Path

from impasto.errors import RecipeError
from impasto_lab.worlds.formats.sample import Sample


class ImageFolderWriter:
    """Writes ``classes/{split}/{class}/{number}.jpg``; a sample's class is the fact of that name.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._folder = root / "classes"
        self._name = name

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Writes a sample.

        Raises:
            RecipeError: If it has no class.
        """
        if "class" not in sample.facts:
            raise RecipeError(f"sample {number} of {self._name} has no fact 'class'; write another format")
        folder = self._folder / sample.split / str(sample.facts["class"])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(sample.image)

    def close(self) -> None:
        """All is written."""
