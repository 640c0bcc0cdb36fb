"""Where the files of a world lie."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.errors import SourceError
from impasto.files import new_folder
from impasto_lab.worlds.formats.sample import Split

#: The file that says that a folder holds a world, and what is in it.
MARK = "world.json"


@dataclass(frozen=True)
class World:
    """A world on disk: the same samples in three formats.

    ``impasto.sources.CocoCaptions(world.annotations("train"), images=world.images)``,
    ``KarpathyCaptions(world.karpathy, images=world.images, split="train")`` and ``WebDataset(world.shards("train"))``
    give the same images, in the same order.

    Args:
        root: The folder.
    """

    root: Path

    @property
    def about(self) -> dict[str, Any]:
        """Its name, seed, and number of images by split.

        Raises:
            SourceError: If the folder holds no world.
        """
        path = self.root / MARK
        try:
            about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SourceError(f"the folder holds no world: {error}; write one there", path=str(path)) from error
        return about

    @property
    def images(self) -> Path:
        """The folder of all images."""
        return self.root / "images"

    def annotations(self, split: Split) -> Path:
        """The COCO captions JSON of a split."""
        return self.root / "annotations" / f"captions_{split}.json"

    def facts(self, split: Split) -> Path:
        """What else is known of each image of a split: one JSON object a line, with the image's ``id``."""
        return self.root / "annotations" / f"facts_{split}.jsonl"

    def known(self, split: Split) -> dict[str, dict[str, Any]]:
        """What `facts` has, by the image's key."""
        lines = self.facts(split).read_text(encoding="utf-8").splitlines()
        return {str(fact["id"]): fact for fact in map(json.loads, lines)}

    @property
    def karpathy(self) -> Path:
        """The JSON of all splits, as Karpathy's."""
        return self.root / f"dataset_{self.about['name']}.json"

    def shards(self, split: Split) -> str:
        """The pattern of a split's tar shards."""
        count = self.about["shards"][split]
        return str(self.root / "shards" / f"{split}-{{00000..{count - 1:05d}}}.tar")


@contextmanager
def making(out: str | Path) -> Iterator[Path]:
    """Makes a world's folder: what is written into the yielded one gets its place when the context ends well.

    Args:
        out: The folder; a world that is there is replaced, any other folder is left alone.

    Raises:
        SourceError: If the folder is there and holds something else, or can't be written.
    """
    root = Path(out)
    if root.exists() and not (root / MARK).exists() and (not root.is_dir() or any(root.iterdir())):
        reason = f"it holds something else than a world (no {MARK}); choose another folder, or remove it"
        raise SourceError(reason, path=str(root))
    try:
        with new_folder(root) as partial:
            yield partial
    except OSError as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"the world can't be written: {error}; check the folder", path=str(root)) from error
