"""Office-31's folders (Saenko, Kulis, Fritz, Darrell 2010)."""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto import checks
from impasto._core import IndexBuilder
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.files import StrPath, require_folder
from impasto.sources.reading.folders import is_hidden, is_image, kind_of, walk

#: The domains' folders, and the letters that papers call them by.
DOMAINS = {"A": "amazon", "D": "dslr", "W": "webcam"}
_ORIGIN = "Office-31 comes from https://faculty.cc.gatech.edu/~judy/domainadapt/"


class Office31(IndexedSource):
    """Images of 31 kinds of office things in three domains, from folders, in either of the layouts that are about.

    ``amazon/images/back_pack/frame_0001.jpg`` as in the archive, or ``amazon/back_pack/frame_0001.jpg``. Classes are
    those of all domains that are there, in alphabetical order, so that a label means the same in each. A row's key is
    its path below the root; its facts are its ``path``, ``class`` and ``domain``.

    Args:
        folder: The folder of the domains.
        domains: Which of them, in this order: letters of ``"ADW"`` as papers write them (``"DW"``), or names.

    Attributes:
        classes: Names of the classes; a row's label is a place in this list.

    Raises:
        SourceError: A domain's folder is missing or holds no images.
        RecipeError: A domain is not known, or named twice.
    """

    def __init__(self, folder: StrPath, domains: str | list[str] | tuple[str, ...] = "ADW") -> None:
        root = require_folder(folder, "Office-31")
        names = _names(domains)
        present = {name: _classes(root, name) for name in DOMAINS.values()}
        self.classes = sorted({one for _, found in present.values() for one in found})
        self._domains: list[str] = []
        builder, left_out = IndexBuilder(root), Counter[str]()
        for name in names:
            prefix, found = present[name]
            before = len(self._domains)
            for label, one in enumerate(self.classes):
                keys = _images(root, f"{prefix}/{one}", left_out) if one in found else []
                left_out["classes without images"] += not keys
                for key in keys:
                    builder.add_file(key, key, [], label)
                self._domains += [name] * len(keys)
            if len(self._domains) == before:
                reason = f"the domain's folder is missing, or holds no {name}/images/CLASS/IMAGE; {_ORIGIN}"
                raise SourceError(reason, path=str(Path(root) / name))
        super().__init__(builder.finish(), f"{os.fspath(folder)!r}, {'+'.join(names)}", left_out)

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        label = self.index.label(row)
        name = None if label is None else self.classes[label]
        return {"path": self.index.path(row), "class": name, "domain": self._domains[row]}


def _names(domains: str | list[str] | tuple[str, ...]) -> list[str]:
    letters = isinstance(domains, str) and domains not in DOMAINS.values()
    given = list(domains) if letters or not isinstance(domains, str) else [domains]
    names = [DOMAINS.get(one, one) for one in given]
    for name in names:
        checks.choice("domain", name, tuple(DOMAINS.values()))
    checks.require(bool(names) and len(set(names)) == len(names), f"domains={domains!r} must name each at most once")
    return names


def _classes(root: str, domain: str) -> tuple[str, set[str]]:
    """The folder of a domain's classes, below the root, and their names; none if it is not there."""
    prefix = f"{domain}/images" if (Path(root) / domain / "images").is_dir() else domain
    folder = Path(root) / prefix
    entries = folder.iterdir() if folder.is_dir() else ()
    return prefix, {entry.name for entry in entries if entry.is_dir() and not is_hidden(entry.name)}


def _images(root: str, folder: str, left_out: Counter[str]) -> list[str]:
    keys = []
    for prefix, names in walk(root, folder, left_out=left_out):
        keys += [prefix + image for image in names if is_image(image)]
        left_out.update(kind_of(other) for other in names if not is_image(other))
    return keys
