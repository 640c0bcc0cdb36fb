"""Walking folders of images in one fixed order."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from impasto.errors import SourceError

#: File name endings that say "image", as torchvision counts them, and JPEG's others; those that are not read here fail
#: when read.
IMAGE_ENDINGS = (".jpg", ".jpeg", ".jfif", ".jpe", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def is_image(name: str) -> bool:
    """Whether a file's name says that it is an image."""
    return name.lower().endswith(IMAGE_ENDINGS)


def is_hidden(name: str) -> bool:
    """Whether a file or folder is none of the data: macOS's ``._x.jpg`` and ``__MACOSX``, ``.ipynb_checkpoints``."""
    return name.startswith(".") or name == "__MACOSX"


def kind_of(name: str) -> str:
    """What a file that is left out is counted as."""
    return PurePosixPath(name).suffix.lower() or "without ending"


def found_instead(what: str, left_out: Mapping[str, int]) -> str:
    """Says what is missing, and what there was in its place."""
    found = ", ".join(f"{count} {kind}" for kind, count in left_out.items() if count)
    return f"{what} but {found}" if found else what


def walk(root: str, below: str = "", *, left_out: Counter[str]) -> Iterator[tuple[str, list[str]]]:
    """Each folder from ``root/below`` down: its path under ``root`` (empty, or ending in a slash) and its files.

    Folders and files are sorted as torchvision sorts them; links to folders are followed, hidden ones left out.

    Args:
        root: The folder.
        below: The folder in it to begin with.
        left_out: Where hidden files and folders are counted.

    Raises:
        SourceError: A folder cannot be listed, or a link leads back up.
    """

    def failed(error: OSError) -> None:
        raise SourceError(f"the folder cannot be listed: {error.strerror}", path=str(error.filename)) from error

    # os.walk would say "./a" where pathlib says "a".
    start = str(Path(root, below).absolute())
    real = {start: os.path.realpath(start)}
    found = []
    for folder, folders, names in os.walk(start, followlinks=True, onerror=failed):
        shown = [name for name in names if not is_hidden(name)]
        left_out["hidden"] += len(names) - len(shown) + sum(map(is_hidden, folders))
        folders[:] = [name for name in folders if not is_hidden(name)]
        for name in folders:
            real[str(Path(folder, name))] = _real(folder, name, real)
        found.append((folder, sorted(shown)))
    for folder, names in sorted(found):
        inside = os.path.relpath(folder, root)
        yield "" if inside == "." else inside + "/", names


def _real(folder: str, name: str, real: dict[str, str]) -> str:
    """Where a folder really lies; it is none that has been gone through on the way to it."""
    place = Path(folder, name)
    if not place.is_symlink():
        return str(Path(real[folder], name))
    target = Path(os.path.realpath(place))
    above: Path | None = Path(folder)
    while above is not None and str(above) in real:
        if Path(real[str(above)]).is_relative_to(target):
            raise SourceError("the link leads back to a folder above it; remove it", path=str(place))
        above = above.parent if above != above.parent else None
    return str(target)
