"""STL-10's binary files: pixels without headers, planes written column by column."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL.Image

from impasto.errors import RecipeError
from impasto.streams import stream
from impasto_lab.worlds.formats.sample import Sample

#: Height and width.
SIDE = 96
FOLDS = 10


class Stl10Files:
    """Writes ``train_X.bin``, ``train_y.bin`` and so on into a folder.

    Args:
        folder: Where; it must exist.
        classes: Their names, in the order of the labels.
    """

    def __init__(self, folder: Path, classes: Sequence[str]) -> None:
        self._folder = folder
        (folder / "class_names.txt").write_text("\n".join(classes) + "\n", encoding="utf-8")

    def write(self, split: str, images: Iterable[npt.NDArray[np.uint8]], labels: Sequence[int] | None) -> int:
        """Writes a split.

        Args:
            split: ``"train"``, ``"test"`` or ``"unlabeled"``.
            images: [96, 96, 3] each.
            labels: Their classes, from 0; None for unlabeled images.

        Returns:
            How many there were.
        """
        count = 0
        with (self._folder / f"{split}_X.bin").open("wb") as file:
            for image in images:
                file.write(image.transpose(2, 1, 0).tobytes())
                count += 1
        if labels is not None:
            (np.asarray(labels) + 1).astype(np.uint8).tofile(self._folder / f"{split}_y.bin")
        return count

    def folds(self, count: int, seed: int) -> None:
        """Draws ten folds, each a fifth of the training images, as STL-10's are."""
        rows = [np.sort(stream(seed, "fold", fold).permutation(count)[: count // 5]) for fold in range(FOLDS)]
        text = "".join(" ".join(map(str, fold)) + " \n" for fold in rows)
        (self._folder / "fold_indices.txt").write_text(text, encoding="utf-8")


class Stl10Writer:
    """Writes ``stl10/``: train, test, and val's samples without labels; a sample's class is the fact of that name.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._folder = root / "stl10"
        self._name = name
        self._samples: dict[str, list[tuple[npt.NDArray[np.uint8], str]]] = {"train": [], "test": [], "val": []}

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Takes a sample.

        Raises:
            RecipeError: If it has no class, or another size.
        """
        del file
        if "class" not in sample.facts:
            raise RecipeError(f"sample {number} of {self._name} has no fact 'class'; write another format")
        if (sample.width, sample.height) != (SIDE, SIDE):
            raise RecipeError(f"sample {number} of {self._name} is not of {SIDE} x {SIDE} pixels, as STL-10's are")
        pixels = np.asarray(PIL.Image.open(io.BytesIO(sample.image)).convert("RGB"))
        self._samples[sample.split].append((pixels, str(sample.facts["class"])))

    def close(self) -> None:
        """Writes all."""
        self._folder.mkdir()
        classes = sorted({name for samples in self._samples.values() for _, name in samples})
        files = Stl10Files(self._folder, classes)
        for split, samples in self._samples.items():
            labels = [classes.index(name) for _, name in samples]
            images = (pixels for pixels, _ in samples)
            files.write(*(("unlabeled", images, None) if split == "val" else (split, images, labels)))
        files.folds(len(self._samples["train"]), 0)
