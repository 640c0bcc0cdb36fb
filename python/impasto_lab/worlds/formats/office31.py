"""Images in one folder a domain and class, as Office-31's archive has them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from impasto.errors import RecipeError
from impasto_lab.worlds.formats.sample import Sample


class Office31Files:
    """Writes ``{domain}/images/{class}/frame_0001.jpg``.

    Args:
        root: The folder of the domains.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._counts: Counter[tuple[str, str]] = Counter()

    def write(self, domain: str, name: str, image: bytes) -> None:
        """Writes the next image of a domain's class."""
        self._counts[domain, name] += 1
        folder = self._root / domain / "images" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"frame_{self._counts[domain, name]:04d}.jpg").write_bytes(image)


class Office31Writer:
    """Writes ``office31/``; a sample's class and domain are the facts of those names.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._files = Office31Files(root / "office31")
        self._name = name

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Writes a sample.

        Raises:
            RecipeError: If it has no class or no domain.
        """
        del file
        for fact in ("class", "domain"):
            if fact not in sample.facts:
                raise RecipeError(f"sample {number} of {self._name} has no fact {fact!r}; write another format")
        self._files.write(str(sample.facts["domain"]), str(sample.facts["class"]), sample.image)

    def close(self) -> None:
        """All is written."""
