"""The folder of the images that an annotation file names, looked for near the file."""

from itertools import islice
from pathlib import Path

from impasto.errors import SourceError
from impasto.sources.reading.folders import is_hidden

#: Folders of annotations, whose images lie beside the folder.
_ANNOTATIONS = ("annotation", "annotations", "captions", "json", "labels", "meta", "metadata", "splits")
_MOST_FOLDERS = 500


def find_images(target: str, images: str | None, names: list[Path]) -> str:
    """The folder that ``names`` are relative to.

    Args:
        target: The annotation file.
        images: The folder, if the user named it.
        names: The first images that the file names.

    Returns:
        The named folder, or the one near the file that holds the most of the names.

    Raises:
        SourceError: No folder near holds any, or two hold as many.
    """
    if images is not None:
        return images
    here = Path(target).absolute().parent
    relative = [name for name in names if not name.is_absolute()]
    if not relative:
        return str(here)
    hits = {folder: sum((folder / name).is_file() for name in relative) for folder in _near(here)}
    most = max(hits.values())
    if not most:
        raise SourceError(
            f"its images, such as {str(relative[0])!r}, were not found in {_listed(hits)}; {_REMEDY}", path=target
        )
    best = [folder for folder, count in hits.items() if count == most]
    if len({folder.resolve() for folder in best}) > 1:
        raise SourceError(f"{_listed(best)} all hold its images; {_REMEDY}", path=target)
    return str(best[0])


_REMEDY = "name their folder with images= (--images)"


def _near(here: Path) -> list[Path]:
    near = [here, *_folders(here)]
    if here.name.lower() in _ANNOTATIONS:
        near += [here.parent, *(folder for folder in _folders(here.parent) if folder != here)]
    return near


def _folders(folder: Path) -> list[Path]:
    visible = sorted(entry for entry in folder.iterdir() if not is_hidden(entry.name))
    return list(islice((entry for entry in visible if entry.is_dir()), _MOST_FOLDERS))


def _listed(folders: "dict[Path, int] | list[Path]") -> str:
    shown = [str(folder) for folder in islice(folders, 5)]
    more = f" and {len(folders) - len(shown)} more" if len(folders) > len(shown) else ""
    return ", ".join(shown) + more
