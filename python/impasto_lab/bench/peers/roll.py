"""Which peers there are, and which of them can run here."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence, Set
from types import MappingProxyType
from typing import cast

from impasto.errors import RecipeError
from impasto_lab.bench import machine
from impasto_lab.bench.work import Peer

#: The peers that every environment of ours has: what is compared unless more are asked for.
STOCK: tuple[str, ...] = ("pillow", "torchvision.io")

#: Each peer's module, by its name.
MODULES: Mapping[str, str] = MappingProxyType(
    {
        "pillow": "pillow",
        "torchvision.io": "torchvision_io",
        "torchcodec": "decoders.torchcodec",
        "opencv": "decoders.opencv",
        "albumentations": "decoders.albumentations",
        "simplejpeg": "decoders.simplejpeg",
        "pyturbojpeg": "decoders.pyturbojpeg",
        "kornia-rs": "decoders.kornia_rs",
        "timm": "readers.timm",
        "webdataset": "readers.webdataset",
        "mosaicml-streaming": "readers.streaming",
        "litdata": "readers.litdata",
        "grain": "readers.grain",
        "datasets": "readers.datasets",
        "dali": "engines.dali",
        "spdl": "engines.spdl",
        "datago": "engines.datago",
    }
)

#: Peers that no package index has ready to run.
NOWHERE: Mapping[str, str] = MappingProxyType(
    {"ffcv": "no wheel, and its source package of 2023 wants the headers of OpenCV and TurboJPEG"}
)

#: Peers whose threads are as many as they choose: with a number of workers they can't be compared.
OWN_THREADS: frozenset[str] = frozenset({"datago"})


#: What a peer decodes, where it isn't all of JPEG, PNG and WebP.
FORMATS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "simplejpeg": frozenset({"JPEG"}),
        "pyturbojpeg": frozenset({"JPEG"}),
        "kornia-rs": frozenset({"JPEG", "PNG"}),
    }
)


def undecoded(peer: Peer, kinds: Set[str]) -> Set[str]:
    """The formats, of some, that a peer doesn't decode."""
    return kinds - FORMATS.get(peer.NAME, kinds)


def called(names: Sequence[str] = STOCK) -> tuple[tuple[Peer, ...], dict[str, str]]:
    """The peers that can run here, of those named.

    Args:
        names: Of `MODULES`; ``("all",)`` for all of them.

    Returns:
        The peers, and for each one that can't run here, the reason.

    Raises:
        RecipeError: If there is no such peer.
    """
    if tuple(names) == ("all",):
        names, absent = tuple(MODULES), dict(NOWHERE)
    else:
        absent = {name: NOWHERE[name] for name in names if name in NOWHERE}
        names = tuple(name for name in names if name not in NOWHERE)
    if unknown := [name for name in names if name not in MODULES]:
        raise RecipeError(f"there is no peer {unknown[0]!r}: there are {', '.join(MODULES)}, and all")
    present = []
    for name in names:
        try:
            present.append(cast(Peer, importlib.import_module(f"{__package__}.{MODULES[name]}")))
        except (ImportError, OSError, RuntimeError) as error:
            # A package that isn't there, a library that it wants, or what it says of that library.
            absent[name] = next(iter(str(error).splitlines()), type(error).__name__)
    return tuple(present), absent


def version(peer: Peer) -> str | None:
    """The version of the package that a peer is; None for one without metadata."""
    return machine.versions(peer.PACKAGES[0])[peer.PACKAGES[0]]
