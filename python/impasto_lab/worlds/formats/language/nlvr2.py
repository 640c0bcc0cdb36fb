"""NLVR2: a statement about a pair of images a line, with images called after their pair."""

from __future__ import annotations

from pathlib import Path

from impasto_lab.worlds.formats.language.told import told_of
from impasto_lab.worlds.formats.sample import Sample
from impasto_lab.worlds.formats.text import dump

#: What NLVR2 calls the splits.
_NAMES = {"train": "train", "val": "dev", "test": "test1"}


class Nlvr2Writer:
    """Writes ``nlvr2/{train,dev,test1}.json`` and ``nlvr2/images/``: JPEGs called ``.png``.

    A sample's fact ``"statements"`` is a list of ``sentence``, ``label`` (a bool), ``set`` and ``other``: the number of
    the left image, which came no later, of a pair whose right image the sample is.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._root, self._name = root, name
        self._lines: dict[str, list[str]] = {}
        self._pairs: dict[tuple[str, int], int] = {}

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Notes a sample.

        Raises:
            RecipeError: If nothing is stated of it.
        """
        split = _NAMES[sample.split]
        for one in told_of(sample, "statements", number, self._name):
            pair = self._pairs.get((split, one["set"]), 0)
            self._pairs[split, one["set"]] = pair + 1
            # Train's images lie in numbered folders.
            directory = {"directory": pair} if split == "train" else {}
            place = self._root / "nlvr2" / "images" / (f"train/{pair}" if directory else "")
            place.mkdir(parents=True, exist_ok=True)
            for side, image in enumerate((f"{one['other']:012d}.jpg", file)):
                data = (self._root / "images" / image).read_bytes()
                (place / f"{split}-{one['set']}-{pair}-img{side}.png").write_bytes(data)
            identifier = f"{split}-{one['set']}-{pair}-0"
            told = {"identifier": identifier, "sentence": one["sentence"], "label": str(one["label"]), **directory}
            self._lines.setdefault(split, []).append(dump(told) + "\n")

    def close(self) -> None:
        """Writes the files of the splits that have statements."""
        for split, lines in self._lines.items():
            (self._root / "nlvr2" / f"{split}.json").write_text("".join(lines), encoding="utf-8")
