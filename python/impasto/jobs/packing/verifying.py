"""Shards looked at again: are they all there, whole, what was written, and can everything in them be read."""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from impasto import checks, ops
from impasto.errors import ImpastoError, SourceError, located
from impasto.jobs.inspection.report import Problem
from impasto.jobs.job import job_state
from impasto.jobs.packing.index import INDEX, SUMS, Listed, read_index
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
#: What the names of shards end in.
_ENDINGS = (".tar", ".tar.gz", ".tgz")
_NAMES = f"name a folder of shards, its {INDEX}, or shards (*.tar)"


@dataclass(frozen=True)
class Verified:
    """What `verify` found.

    Attributes:
        shards: How many were looked at.
        samples: How many samples they hold.
        bytes: What they take.
        listed: How many an index told of; how many samples they are to hold was compared.
        sized: Of how many it told the size, which was compared.
        summed: Of how many it told which checksum, which was compared: ``sha256``, which `pack` writes, or ``md5``, as
            webdataset's ``wids`` has it.
        decoded: Whether all images were decoded.
        problems: What is wrong, by kind.
    """

    shards: int
    samples: int
    bytes: int
    listed: int
    sized: int
    summed: dict[str, int]
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

    Where an index tells them, which shards there are, how many samples they hold, their sizes and checksums are
    compared: SHA-256 of ours; MD5 of webdataset's ``wids``, if it is there. Every shard is read as a tar up to its end
    mark, and every sample's image, captions, label and record. Of a folder that a job fills (`pack`, `stylize_data`,
    `fetch`, a `Job` of your own) it is told whether the job has ended. Nothing is written.

    Args:
        shards: A folder of shards, an index (``index.json``), a shard, or a brace or glob pattern of shards, all on a
            local disk.
        decode: Whether images are decoded in full; otherwise their headers must do.
        workers: Processes, each of which looks at one shard at a time; 0 does all in this one.
        engine: Where workers run, ``"processes"`` or ``"ray"``; see `run_pieces`.
        progress: Called with bytes done, after every shard.

    Returns:
        What was found.

    Raises:
        SourceError: If there are no shards at all, the name is not one of shards, or the index can't be read.
        JobError: If a worker was lost.
    """
    known, found = _known(checks.path("shards", shards))
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
        listed=sum(one.samples is not None for one in known),
        sized=sum(one.bytes is not None for one in known),
        summed=dict.fromkeys(SUMS.values(), 0) | Counter(one.sum[0] for one in known if one.sum),
        decoded=decode,
        problems=tuple(problem for problem in problems.values() if problem.count),
    )


def _known(name: str) -> tuple[list[Listed], list[tuple[str, str, str]]]:
    """The shards that are to be there, and what is wrong about that."""
    place = Path(name)
    if place.suffix == ".json" and place.is_file():
        return _in_folder(place.parent, place)
    if place.is_dir():
        return _in_folder(place, place / INDEX)
    paths = find_shards([name])
    for path in paths:
        if "://" in path or path.startswith("pipe:"):
            reason = f"only files on a local disk can be verified; copy what comes from there, and {_NAMES}"
            raise SourceError(reason, path=path.partition("?")[0])
        if not path.lower().endswith(_ENDINGS):
            raise SourceError(f"it is no shard, by its name; {_NAMES}", path=path)
    return [_listed_beside(Path(path)) for path in paths], []


def _in_folder(folder: Path, index: Path) -> tuple[list[Listed], list[tuple[str, str, str]]]:
    there = sorted(path for path in folder.iterdir() if path.suffix == ".tar")
    listed = read_index(index) if index.exists() else None
    if not there and not listed:
        raise SourceError(f"there are no shards, and no {INDEX}; {_NAMES}", path=str(folder))
    wrong = []
    if reason := _unfinished(folder, indexed=listed is not None):
        wrong.append(("unfinished job", str(folder), reason))
    if listed is None:
        return [Listed(path) for path in there], wrong
    if index.name == INDEX:  # others, as wids has them, may stand for a part of a folder
        more = sorted({*there} - {one.path for one in listed})
        wrong += [("unlisted shard", str(path), f"{INDEX} does not list it") for path in more]
    return listed, wrong


def _unfinished(folder: Path, *, indexed: bool) -> str | None:
    """Why a folder may not hold all that a job was to write."""
    job = job_state(folder)
    if job is None:
        return None
    if not job.done:
        return f"{job.kind} was begun, and has not ended"
    return None if indexed or not job.kind.startswith("impasto-pack") else f"{job.kind} has written no {INDEX}"


def _listed_beside(path: Path) -> Listed:
    """What the index beside a shard says of it, if there is one that does."""
    if (path.parent / INDEX).is_file():
        for one in read_index(path.parent / INDEX):
            if one.path.name == path.name:
                return one
    return Listed(path)


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
        broken = [] if not listed.samples and _is_empty(listed.path) else [("broken shard", "", path, error.reason)]
        return _Look(0, [*problems, *broken])
    if listed.samples not in (None, len(source)):
        reason = f"it holds {len(source)} samples, and {listed.samples} were written"
        problems.append(("changed shard", "", path, reason))
    bad = (("bad sample", error.key or "", error.path or path, error.reason) for error in _errors(source, decode))
    return _Look(len(source), [*problems, *bad])


def _is_empty(path: Path) -> bool:
    """Whether a shard is a whole tar without members, as one of nothing but dead links or bad samples is."""
    with path.open("rb") as file:
        return file.read(tarfile.RECORDSIZE + 1) == bytes(tarfile.RECORDSIZE)


def _difference(listed: Listed) -> str | None:
    by, known = listed.sum or ("", "")
    try:
        size, found = digest(listed.path, by) if by else (listed.path.stat().st_size, "")
    except OSError as error:
        return f"it can't be read: {error}"
    if listed.bytes not in (None, size):
        return f"it has {size} bytes, and {listed.bytes} were written"
    return None if found == known else f"its checksum ({by}) is {found}, and that of what was written {known}"


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
