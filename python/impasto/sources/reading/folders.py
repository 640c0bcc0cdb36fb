"""Walking folders of images in one fixed order."""

import os
from collections.abc import Iterator
from pathlib import Path

from impasto.errors import SourceError

#: File name endings that say "image", as torchvision counts them; those that are not read here fail when read.
IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def is_image(name: str) -> bool:
    """Whether a file's name says that it is an image."""
    return name.lower().endswith(IMAGE_ENDINGS)


def walk(root: str, below: str = "") -> Iterator[tuple[str, list[str]]]:
    """Each folder from ``root/below`` down: its path under ``root`` (empty, or ending in a slash) and its files.

    Folders and files are sorted as torchvision sorts them; links to folders are followed.

    Raises:
        SourceError: A folder cannot be listed, a link leads back up, or a name is not UTF-8.
    """

    def failed(error: OSError) -> None:
        raise SourceError(f"the folder cannot be listed: {error.strerror}", path=str(error.filename)) from error

    found = []
    for folder, _, names in os.walk(Path(root, below), followlinks=True, onerror=failed):
        place = Path(folder)
        if place.is_symlink() and place.resolve() in place.parent.resolve().parents:
            raise SourceError("the link leads back to a folder above it; remove it", path=folder)
        found.append((folder, sorted(names)))
    for folder, names in sorted(found):
        inside = os.path.relpath(folder, root)
        prefix = "" if inside == "." else inside + "/"
        for name in names:
            _check_name(prefix + name, root)
        yield prefix, names


def _check_name(name: str, root: str) -> None:
    # Names on disk are bytes; the index holds text.
    try:
        name.encode()
    except UnicodeEncodeError:
        raise SourceError(f"the file name {name!r} is not UTF-8; rename it", path=root) from None
