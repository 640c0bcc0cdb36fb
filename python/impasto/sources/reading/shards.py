"""From brace and glob patterns to the tar shards they name."""

import glob
import os
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import filterfalse, islice
from pathlib import Path

from braceexpand import UnbalancedBracesError, braceexpand  # type: ignore[attr-defined]

from impasto import checks
from impasto.errors import SourceError
from impasto.sources.reading.files import StrPath
from impasto.sources.remote.addresses import PIPE, as_local, is_remote, shown

_MOST = 300_000
_OWN = ".impasto-index"
_RANGE = re.compile(r"\{(-?\d+)\.\.(-?\d+)")


def as_patterns(shards: StrPath | Sequence[StrPath]) -> list[str]:
    """One pattern or several as a list of text.

    Raises:
        RecipeError: One is no path.
    """
    several = shards if isinstance(shards, Iterable) and not isinstance(shards, str | os.PathLike) else [shards]
    return [checks.path("shards", one) for one in several]


def is_own_index(path: str) -> bool:
    """Whether a file is an index that impasto wrote beside a shard, or is writing."""
    name = os.path.basename(path)  # noqa: PTH119 - once a shard
    return name.endswith(_OWN) or (_OWN + "." in name and name.endswith(".partial"))


def find_shards(patterns: Sequence[str], found: Callable[[str], list[str]] = lambda _: []) -> list[str]:
    """The shards that patterns name, in order, each named once; no index of ours is a shard.

    Those on local disks exist; of those elsewhere only what glob patterns match is known to.

    Args:
        patterns: Of paths, URLs and commands.
        found: The URLs that a glob pattern of URLs matches.

    Args:
        patterns: Paths, brace patterns (``"data/{00000..00041}.tar"``) and glob patterns.

    Returns:
        Their paths.

    Raises:
        SourceError: A pattern is malformed or matches nothing, a shard is missing or named twice.
    """
    if not patterns:
        raise SourceError("the list of shards is empty; name at least one", path="")
    paths: dict[str, None] = {}
    for pattern in patterns:
        matches = _matches_elsewhere(pattern, found) if is_remote(as_local(pattern)) else _matches(as_local(pattern))
        for path in filterfalse(is_own_index, matches):
            if path in paths:
                raise SourceError("the shard is named twice; name it once", path=shown(path))
            paths[path] = None
    if not paths:
        raise SourceError("these are indexes that impasto wrote, no shards; name the shards", path=patterns[0])
    return list(paths)


def _matches_elsewhere(pattern: str, found: Callable[[str], list[str]]) -> list[str]:
    addresses: list[str] = []
    for name in _expand(pattern):
        globs = "*" in name and not name.startswith(PIPE)
        matches = found(name) if globs else [name]
        if not matches:
            raise SourceError("nothing there matches the pattern; check it", path=shown(name))
        addresses += matches
    return addresses


def _matches(pattern: str) -> list[str]:
    names = _expand(pattern)
    # A pattern may be absolute, which Path.glob refuses.
    found = {name: [name] if _exists(name) else sorted(glob.glob(name)) for name in names}  # noqa: PTH207
    missing = [name for name, paths in found.items() if not paths]
    if len(missing) == len(found):
        many = f" (it stands for {len(names)} names)" if len(names) > 1 else ""
        raise SourceError(f"no file matches the pattern{many}; check its folder and its numbers", path=pattern)
    if missing:
        reason = f"{len(missing)} of its {len(names)} shards do not exist, the first is {missing[0]!r}"
        raise SourceError(f"{reason}; download them, or narrow the pattern", path=pattern)
    return [path for name in names for path in found[name]]


def _expand(pattern: str) -> list[str]:
    # A path may hold braces of its own.
    if _exists(pattern):
        return [pattern]
    # braceexpand writes a whole range out before its first name comes.
    if any(abs(int(last) - int(first)) >= _MOST for first, last in _RANGE.findall(pattern)):
        raise _too_many(pattern)
    try:
        names = list(islice(braceexpand(pattern), _MOST + 1))
    except UnbalancedBracesError:
        reason = "the pattern's braces are not balanced; write {00000..00041} or {a,b}"
        raise SourceError(reason, path=pattern) from None
    if len(names) > _MOST:
        raise _too_many(pattern)
    return names


def _too_many(pattern: str) -> SourceError:
    return SourceError(f"the pattern stands for more than {_MOST} names; shorten its range", path=pattern)


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except OSError:  # a pattern may be longer than a name may be
        return False
