"""What is in a data set, and what would go wrong with it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from impasto.errors import ImpastoError
from impasto.jobs.fingerprint import fingerprint
from impasto.jobs.inspection.images import ImageFindings, ImageInspector, header_statistics
from impasto.jobs.inspection.report import Report, known_problems
from impasto.jobs.inspection.rows import file_rows
from impasto.jobs.inspection.texts import TextSurvey
from impasto.jobs.job import Job
from impasto.jobs.running.engine import Engine, run_pieces
from impasto.progress import Progress, silent
from impasto.sources import Source

#: Rows in a piece.
_ROWS = 1000


def inspect(
    source: Source,
    *,
    sample: int | None = 1000,
    out: str | Path | None = None,
    workers: int = 0,
    engine: Engine = "processes",
    progress: Progress = silent,
) -> Report:
    """Looks at all captions and paths of a data set, and at a sample of its images.

    Args:
        source: The data set.
        sample: How many images to read and decode, drawn at random from all rows but always the same; ``None`` for
            all.
        out: A folder that keeps what was found, new, empty, or of the same job: an inspection that was stopped goes
            on there. ``None`` keeps all in memory.
        workers: Processes that look at images; 0 does all in this one.
        engine: Where workers run, ``"processes"`` or ``"ray"``; see `run_pieces`.
        progress: Called with rows done, of which each counts once for its texts and once for its image.

    Returns:
        The statistics and problems, whatever the workers and interruptions.

    Raises:
        RecipeError: If the folder holds another job, or a value makes no sense.
        SourceError: If the folder holds something else or can't be written.
        JobError: If another run works in the folder, or a worker was lost.
    """
    rows = range(len(source))
    decoded = rows if sample is None or sample >= len(rows) else random.Random(0).sample(rows, sample)
    files = file_rows(source)
    looked_at = rows if len(files) == len(rows) else sorted({*decoded, *files})
    total = len(rows) + len(looked_at)
    problems = known_problems()

    def note(kind: str, row: int, reason: str) -> None:
        index, place = texts.at(row)
        problems[kind].add(index.key(place), index.path(place), reason)

    texts = TextSurvey(source, note)
    texts.read(progress, total)
    good = [row for row in looked_at if row not in texts.bad]
    pieces = [good[start : start + _ROWS] for start in range(0, len(good), _ROWS)]
    chosen = decoded if isinstance(decoded, range) else frozenset(decoded)
    inspector = ImageInspector(source, pieces, chosen, files, None if out is None else Path(out))

    def advance(done: int, _: int) -> None:
        progress(total - len(good) + done, total)

    found = list(_look(inspector, sample, workers, engine, advance))
    for row, kind, reason in (fault for findings in found for fault in findings.faults):
        index, place = source.find(row)
        problems[kind].add(index.key(place), index.path(place), reason)
    return Report(
        source=repr(source),
        rows=len(rows),
        images=len(texts.paths),
        labels=len(texts.labels) or None,
        captions=texts.statistics(),
        left_out=dict(source.left_out),
        headers=header_statistics([header for findings in found for header in findings.headers]),
        problems=sorted((one for one in problems.values() if one.count), key=lambda problem: not problem.fatal),
    )


def _look(
    inspector: ImageInspector, sample: int | None, workers: int, engine: Engine, progress: Progress
) -> Iterator[ImageFindings]:
    """The findings of all pieces, in order."""
    sizes = [len(piece) for piece in inspector.pieces]
    if inspector.folder is not None:
        identity = {
            "format": "impasto-inspect-1",
            "settings": {"sample": sample, "rows": _ROWS},
            "data": fingerprint(inspector.source),
        }
        job = Job(inspector.folder, identity, sizes, lambda number: (inspector.report(number),))
        job.run(inspector, workers=workers, engine=engine, progress=progress)
        yield from job.reports(lambda number, document: ImageFindings.of(document, inspector.pieces[number]))
        return
    found: dict[int, ImageFindings] = {}
    done = 0
    for number, findings in run_pieces(inspector, range(len(sizes)), workers=workers, engine=engine):
        assert findings is not None
        found[number] = findings
        done += sizes[number]
        progress(done, sum(sizes))
    yield from (found[number] for number in range(len(sizes)))


def failure(error: ImpastoError, target: str) -> dict[str, Any]:
    """What to report when a data set does not open at all."""
    place = {"key": error.key, "path": error.path or target, "reason": error.reason}
    return {"ok": False, "source": target, "error": {"kind": type(error).__name__, **place}}
