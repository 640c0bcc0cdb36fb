"""The data sets that the papers pretrain on, together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from impasto.checks import choice, require
from impasto.errors import SourceError
from impasto.loading import Mixture
from impasto.sources import KarpathyCaptions, Source, present
from impasto.sources import open as open_data

#: The usual sets by the millions of their images: COCO, Visual Genome, SBU, Conceptual Captions 3M and 12M.
SETS: dict[str, tuple[str, ...]] = {
    "1m": ("coco", "vg", "sbu"),
    "4m": ("coco", "vg", "sbu", "cc3m"),
    "14m": ("coco", "vg", "sbu", "cc3m", "cc12m"),
}

_TRAINED_ON = "train+restval"


def mixed(sources: Sequence[Source], weights: Sequence[float] = ()) -> Source:
    """Data sets together, each pair as often as any other, or in shares.

    Args:
        sources: The data sets.
        weights: A share for each; none for as many as there are pairs, as the papers have it.

    Raises:
        RecipeError: If there are not as many weights as data sets.
    """
    require(
        len(weights) in (0, len(sources)), f"{len(weights)} weights for {len(sources)} data sets; give one for each"
    )
    if len(sources) == 1:
        return sources[0]
    return Mixture(list(zip(sources, weights or [float(len(source)) for source in sources], strict=True)))


def usual_sets(folder: str | Path, which: str, *, missing: float = 0.5) -> list[Source]:
    """The data sets of the papers below a folder, without the pairs whose images are missing.

    Args:
        folder: It holds ``coco``, ``vg``, ``sbu``, ``cc3m`` and ``cc12m``, each a file with any ending that
            `impasto.sources.open` reads, with its images near it, or a folder of shards. Of Karpathy's files, which
            have all splits, the papers' are train and restval.
        which: ``"1m"``, ``"4m"`` or ``"14m"``.
        missing: The largest share of each one's images that may be missing.

    Raises:
        SourceError: If a set is not there, there twice, or lacks too many images.
    """
    choice("which", which, SETS)
    return [usual_set(folder, name, missing=missing) for name in SETS[which]]


def usual_set(folder: str | Path, name: str, *, missing: float = 0.5) -> Source:
    """One of `usual_sets`, to be trained on.

    Args:
        folder: Where it lies.
        name: What the file is called, up to its ending.
        missing: The largest share of its images that may be missing.

    Raises:
        SourceError: If it is not there, there twice, or lacks too many images.
    """
    place = place_of(folder, name)
    source = open_data(place)
    if isinstance(source, KarpathyCaptions):
        source = open_data(place, split=_TRAINED_ON)
    return present(source, missing=missing)


def place_of(folder: str | Path, name: str) -> Path:
    """The file or folder of a data set, whatever its ending.

    Raises:
        SourceError: If it is not there, or there twice.
    """
    places = [path for path in sorted(Path(folder).glob(f"{name}*")) if path.name.partition(".")[0] == name]
    if len(places) != 1:
        there = "it is not there" if not places else f"there are {', '.join(path.name for path in places)}"
        users = ", ".join(f"{which}'s" for which, names in SETS.items() if name in names)
        role = f"{name} is one of {users} sets" if users else name
        raise SourceError(f"{role}: {there}; put one file or folder {name} there", path=str(folder))
    return places[0]
