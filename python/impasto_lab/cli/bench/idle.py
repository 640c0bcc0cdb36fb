"""Flags that say nothing beside others."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from impasto.checks import require


def refuse(names: Iterable[str], why: str) -> None:
    """Refuses flags that would be passed over.

    Args:
        names: Of the flags that were given and say nothing.
        why: What makes them say nothing.

    Raises:
        RecipeError: If there are some.
    """
    idle = _flags(names)
    require(not idle, f"{idle}: {why}; leave out the one or the other")


def refuse_alone(names: Iterable[str], of: str, *, flag: str) -> None:
    """Refuses flags that say nothing without another one.

    Args:
        names: Of the flags that were given.
        of: What they are of.
        flag: The one that isn't there.

    Raises:
        RecipeError: If there are some.
    """
    idle = _flags(names)
    require(not idle, f"{idle}: of {of}; say which, by {flag}")


def refuse_images_of(data: str | None, folder: str | None) -> None:
    """Refuses the folder of a data set's images where there is none of one's own.

    Args:
        data: The data set.
        folder: Its images'.

    Raises:
        RecipeError: If there is a folder, and no data set.
    """
    refuse_alone(["images_of"] if data is None and folder is not None else [], "your own data", flag="--data")


def refuse_unencoded(given: Collection[str], formats: Iterable[str]) -> None:
    """Refuses what says how images are encoded, where none is encoded so.

    Args:
        given: The settings that were given.
        formats: What images are encoded as.

    Raises:
        RecipeError: If there are qualities without JPEG or WebP, or samplings without JPEG.
    """
    kinds = set(formats)
    none = {name for name, of in (("qualities", {"JPEG", "WebP"}), ("samplings", {"JPEG"})) if not kinds & of}
    refuse(none.intersection(given), f"not of {', '.join(sorted(kinds))}, which --formats asks for")


def _flags(names: Iterable[str]) -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in sorted(names))
