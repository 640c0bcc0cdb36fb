"""Shards looked at again: are they all there, whole, what was written, and can everything in them be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from impasto import checks, ops
from impasto.errors import ImpastoError, SourceError, located
from impasto.jobs.inspection.report import Problem
from impasto.jobs.job import JOB
from impasto.jobs.packing.index import INDEX, Listed, read_index
from impasto.jobs.packing.shard import digest
from impasto.jobs.running.engine import Engine, run_pieces
from impasto.progress import Progress, silent
from impasto.recipe import ImageRecipe
from impasto.sources import WebDataset, find_shards

#: What may be wrong, and what to do about it.
_FIXES = {
    "unfinished job": "run it again with the same arguments, which does the rest",
    "missing shard": "pack again, which writes what is missing, or copy it again",
    "unlisted shard": "it is of another job, or came later; move it away",
    "changed shard": "it is not what was written; copy it again, or remove it and pack again",
    "broken shard": "it can't be read as a tar; copy it again, or remove it and pack again",
    "bad sample": "a part of it can't be read; pack the data set again with on_error='skip', or mend its source",
}


@dataclass(frozen=True)
class Verified:
    """What `verify` found.

    Attributes:
        shards: How many were looked at.
        samples: How many samples they hold.
        bytes: What they take.
        listed: Of how many an index told size and digest.
        decoded: Whether all images were decoded.
        problems: What is wrong, by kind.
    """

    shards: int
    samples: int
    bytes: int
    listed: int
    decoded: bool
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        return {"ok": self.ok, **asdict(self)}


def verify(
    shards: str | Path,
    *,
    decode: bool = True,
    workers: int = 0,
    engine: Engine = "processes",
    progress: Progress = silent,
) -> Verified:
    """Looks at packed shards, or at anybody's WebDataset shards.

    Where an index tells them, which shards there are, their sizes and digests (SHA-256) are compared. Every shard is
    read as a tar up to its end mark, and every sample's image, captions, label and record. Nothing is written.

    Args:
        shards: A folder of shards, its ``index.json``, a shard, or a brace or glob pattern of shards.
        decode: Whether images are decoded in full; otherwise their headers must do.
        workers: Processes, each of which looks at one shard at a time; 0 does all in this one.
        engine: Where workers run, ``"processes"`` or ``"ray"``; see `run_pieces`.
        progress: Called with bytes done, after every shard.

    Returns:
        What was found.

    Raises:
        SourceError: If there are no shards at all, or the index can't be read.
        JobError: If a worker was lost.
    """
    known, found = _known(Path(checks.path("shards", shards)))
    problems = {kind: Problem(kind, fix) for kind, fix in _FIXES.items()}
    for kind, path, reason in found:
        problems[kind].add("", path, reason)
    sizes = [one.path.stat().st_size if one.path.is_file() else 0 for one in known]
    looks: dict[int, _Look] = {}
    done = 0
    work = partial(_look, known, decode)
    for number, look in run_pieces(work, range(len(known)), workers=workers, engine=engine):
        looks[number] = look
        done += sizes[number]
        progress(done, sum(sizes))
    for _, look in sorted(looks.items()):
        for kind, key, path, reason in look.problems:
            problems[kind].add(key, path, reason)
    return Verified(
        shards=len(known),
        samples=sum(look.samples for look in looks.values()),
        bytes=sum(sizes),
        listed=sum(bool(one.sha256) for one in known),
        decoded=decode,
        problems=tuple(problem for problem in problems.values() if problem.count),
    )


def _known(place: Path) -> tuple[list[Listed], list[tuple[str, str, str]]]:
    """The shards that are to be there, and what is wrong about that."""
    folder = place.parent if place.name == INDEX else place
    if not folder.is_dir():
        return [_listed_beside(Path(path)) for path in find_shards([str(place)])], []
    there = sorted(path for path in folder.iterdir() if path.suffix == ".tar")
    if not (folder / INDEX).exists():
        if not there:
            raise SourceError(f"there are no shards, and no {INDEX}; name the folder of the shards", path=str(folder))
        wrong = [("unfinished job", str(folder), f"it was begun and has no {INDEX}")] if _is_packing(folder) else []
        return [Listed(path, -1, -1, "") for path in there], wrong
    listed = read_index(folder / INDEX)
    more = sorted({*there} - {one.path for one in listed})
    return listed, [("unlisted shard", str(path), f"{INDEX} does not list it") for path in more]


def _listed_beside(path: Path) -> Listed:
    """What the index beside a shard says of it, if there is one that does."""
    if (path.parent / INDEX).is_file():
        for one in read_index(path.parent / INDEX):
            if one.path.name == path.name:
                return one
    return Listed(path, -1, -1, "")


def _is_packing(folder: Path) -> bool:
    try:
        return str(json.loads((folder / JOB).read_text(encoding="utf-8"))["format"]).startswith("impasto-pack")
    except (OSError, ValueError, TypeError, KeyError):
        return False


@dataclass(frozen=True)
class _Look:
    """A shard, looked at: its samples, and what is wrong: kind, key, path and reason of each."""

    samples: int
    problems: list[tuple[str, str, str, str]]


def _look(known: list[Listed], decode: bool, number: int) -> _Look:
    listed = known[number]
    path = str(listed.path)
    if not listed.path.is_file():
        return _Look(0, [("missing shard", "", path, "the file does not exist")])
    problems = []
    if reason := _difference(listed):
        problems.append(("changed shard", "", path, reason))
    try:
        with TemporaryDirectory() as cache:  # whatever index is kept beside it is not believed
            source = WebDataset(listed.path, cache=cache)
    except SourceError as error:
        return _Look(0, [*problems, ("broken shard", "", path, error.reason)])
    if listed.samples not in (-1, len(source)):
        reason = f"it holds {len(source)} samples, and {listed.samples} were written"
        problems.append(("changed shard", "", path, reason))
    bad = (("bad sample", error.key or "", error.path or path, error.reason) for error in _errors(source, decode))
    return _Look(len(source), [*problems, *bad])


def _difference(listed: Listed) -> str | None:
    if not listed.sha256:
        return None
    try:
        size, sha256 = digest(listed.path)
    except OSError as error:
        return f"it can't be read: {error}"
    if size != listed.bytes:
        return f"it has {size} bytes, and {listed.bytes} were written"
    return None if sha256 == listed.sha256 else f"its SHA-256 is {sha256}, and that of what was written {listed.sha256}"


def _errors(source: WebDataset, decode: bool) -> Iterator[ImpastoError]:
    """What is wrong with each sample that something is wrong with."""
    for row in range(len(source)):
        key, path = source.key(row), source.index.path(row)
        try:
            image = source.index.image(row, ImageRecipe.max_bytes)
            if decode:
                ops.decode(image)
            else:
                ops.probe(image)
            source.index.captions(row)
            source.index.label(row)
            if isinstance(source.facts(row).get("json"), bytes):
                raise SourceError("its .json is no JSON")
        except ImpastoError as error:
            yield located(error, key, path)
