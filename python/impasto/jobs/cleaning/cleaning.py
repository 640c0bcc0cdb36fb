"""What of a data set is better left out: measured once, judged by limits, written down; nothing is deleted."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from impasto.extras import need
from impasto.files import new_file, writing
from impasto.jobs.cleaning.flags import known_flags
from impasto.jobs.cleaning.judging import CaptionJudge, Flags, judge_picture, judge_twins, reason_of
from impasto.jobs.cleaning.measuring import MEASURES, Measures, PictureMeasurer
from impasto.jobs.cleaning.page import write_clean_page
from impasto.jobs.cleaning.report import CleanReport, LeftOut
from impasto.jobs.cleaning.settings import CleanSettings
from impasto.jobs.fingerprint import fingerprint
from impasto.jobs.inspection.images import ImageFindings, header_statistics
from impasto.jobs.inspection.report import Problem
from impasto.jobs.inspection.rows import file_rows
from impasto.jobs.inspection.texts import TextSurvey
from impasto.jobs.job import Job, write_report
from impasto.jobs.running.engine import Engine
from impasto.progress import Progress, silent
from impasto.sources import Source, write_keep_list

#: Pictures in a piece.
_ROWS = 1000
#: What `impasto.jobs.inspect` calls otherwise.
_NAMES = {"duplicate": "duplicate row"}
_FILES = {"keep": "keep.jsonl", "left_out": "left_out.jsonl", "report": "report.json", "page": "report.html"}


def clean(
    source: Source,
    out: str | Path,
    settings: CleanSettings | None = None,
    *,
    workers: int = 0,
    engine: Engine = "processes",
    page: bool = True,
    progress: Progress = silent,
) -> CleanReport:
    """Looks at all pictures and captions of a data set, and lists the rows that are worth keeping.

    The folder gets ``keep.jsonl``, which `impasto.sources.keep` takes, ``left_out.jsonl`` (every row that has a flag,
    with all of its flags and reasons), ``report.json`` and ``report.html`` (with pictures, one file). Nothing of the
    data set is changed. What is measured stays in the folder: a run that was stopped goes on, and one with other limits
    judges anew in seconds. The answer is the same for any number of workers and any order of the rows.

    A picture is measured once, whatever the number of its rows; what is wrong with it is wrong with all of them. Of
    captions that say nothing, a row is left out for none while it has one that may say something. Of duplicates the
    picture of most pixels stays, of those the one with the largest file, of those the one with the first key.

    Args:
        source: The data set.
        out: The folder; new, empty, or of the same data set. On a Ray cluster all machines see it.
        settings: The limits.
        workers: Processes that measure; 0 does all in this one.
        engine: Where workers run, ``"processes"`` or ``"ray"``; see `run_pieces`.
        page: Whether ``report.html`` is written, which needs the extra ``clean``.
        progress: Called with rows whose texts, and pictures which have been looked at.

    Returns:
        The report.

    Raises:
        RecipeError: If the folder holds another job, or a value makes no sense.
        SourceError: If the folder holds something else or can't be written.
        JobError: If another run works in the folder, or a worker was lost.
        MissingExtraError: If the page is wanted, and jinja2 or Pillow is not installed.
    """
    limits = settings or CleanSettings()
    if page:  # it would be a pity to find out after an hour
        need("jinja2", extra="clean")
        need("PIL.Image", extra="clean")
    survey = _Survey(source, limits)
    survey.read(progress)
    pictures, findings = _measure(source, Path(out), survey, workers, engine, progress)
    left_out = _judge(source, survey, pictures, findings.faults, limits)
    dropped = {one.row for one in left_out if not one.kept}
    report = CleanReport(
        source=repr(source),
        rows=len(source),
        kept=len(source) - len(dropped),
        images=survey.images,
        settings=asdict(limits),
        flags=_counted(left_out),
        headers=header_statistics(findings.headers),
        left_out=left_out,
        files={name: str(Path(out, file)) for name, file in _FILES.items() if page or name != "page"},
    )
    write_keep_list(Path(report.files["keep"]), source, [row for row in range(len(source)) if row not in dropped])
    listed = Path(report.files["left_out"])
    with writing("the list of what is left out", listed), new_file(listed) as partial, partial.open("wb") as file:
        file.writelines((json.dumps(asdict(one), ensure_ascii=False) + "\n").encode() for one in left_out)
    write_report(Path(report.files["report"]), report.as_dict())
    if page:
        write_clean_page(Path(report.files["page"]), source, report)
    else:
        Path(out, _FILES["page"]).unlink(missing_ok=True)  # that of other limits would mislead
    return report


class _Survey:
    """What is known of rows before pictures are looked at: what is wrong with texts, and which share a picture."""

    def __init__(self, source: Source, limits: CleanSettings) -> None:
        self.flags: dict[int, Flags] = defaultdict(dict)
        self.picture_of: npt.NDArray[np.int64] = np.arange(len(source))  # by row, the first row with the same picture
        self.files = file_rows(source)
        self._judge, self._by_path = CaptionJudge(limits), dict[str, int]()
        self._texts = TextSurvey(source, self.note, self._seen)

    @property
    def images(self) -> int:
        """Distinct images."""
        return len(self._texts.paths)

    def read(self, progress: Progress) -> None:
        rows = len(self.picture_of)
        self._texts.read(lambda done, _: progress(done, 2 * rows), rows)
        if not self._texts.statistics()["total"]:
            for flags in self.flags.values():  # pictures alone lack nothing
                flags.pop("no caption", None)
        for row, reason in self._judge.repeated():
            self.note("repeated caption", row, reason)

    def note(self, kind: str, row: int, reason: str) -> None:
        kind = _NAMES.get(kind, kind)
        if kind in known_flags():
            self.flags[row].setdefault(kind, reason)

    def pictures(self) -> list[int]:
        """The rows whose pictures are to be looked at: the first of each."""
        rows: list[int] = np.unique(self.picture_of).tolist()
        return [row for row in rows if row not in self._texts.bad]

    def path(self, row: int) -> str:
        """Where a row's image lies."""
        index, place = self._texts.at(row)
        return index.path(place)

    def _seen(self, row: int, captions: list[str], path: str) -> None:
        if row not in self._texts.bad and row in self.files:  # other places are names, which may come twice
            self.picture_of[row] = self._by_path.setdefault(path, row)
        for kind, reason in self._judge.judge(row, captions, int(self.picture_of[row])):
            self.note(kind, row, reason)


def _measure(
    source: Source, folder: Path, survey: _Survey, workers: int, engine: Engine, progress: Progress
) -> tuple[Measures, ImageFindings]:
    """Measures of all pictures that decode, their headers, and what is wrong with the others."""
    rows, read = survey.pictures(), len(source)
    pieces = [rows[start : start + _ROWS] for start in range(0, len(rows), _ROWS)]
    measurer = PictureMeasurer(source, pieces, survey.files, folder)
    identity = {"format": "impasto-clean-1", "settings": {"rows": _ROWS}, "data": fingerprint(source)}
    job = Job(folder, identity, [len(piece) for piece in pieces], measurer.written)
    job.run(
        measurer,
        workers=workers,
        engine=engine,
        progress=lambda done, total: progress(read + done, read + total),
    )
    found = job.reports(measurer.read)
    empty = {name: np.empty((0, *shape), kind) for name, (kind, shape) in MEASURES.items()}
    columns = [empty, *(measures for measures, _ in found)]
    pictures = {name: np.concatenate([column[name] for column in columns]) for name in MEASURES}
    headers = [header for _, findings in found for header in findings.headers]
    return pictures, ImageFindings(headers, [fault for _, findings in found for fault in findings.faults])


def _judge(
    source: Source, survey: _Survey, pictures: Measures, faults: Sequence[Sequence[Any]], limits: CleanSettings
) -> list[LeftOut]:
    """The rows that have flags, in order."""
    flags, ignored = survey.flags, set(limits.ignore)
    sharing: dict[int, list[int]] = defaultdict(list)
    for row, picture in enumerate(survey.picture_of.tolist()):
        sharing[picture].append(row)
    shown = pictures["row"].tolist()
    judged = ((picture, *flag) for at, picture in enumerate(shown) for flag in judge_picture(pictures, at, limits))
    for picture, kind, reason in [*faults, *judged]:
        for row in sharing[picture]:
            survey.note(kind, row, reason)
    staying = [[row for row in sharing[picture] if not flags.get(row, {}).keys() - ignored] for picture in shown]
    keys = [min((source.key(row) for row in rows), default="") for rows in staying]
    twins = judge_twins(pictures, keys, [at for at, rows in enumerate(staying) if rows], limits)
    instead: dict[int, int] = {}
    for at, twin in twins.items():
        for row in sharing[shown[at]]:
            survey.note(*reason_of(twin, row, keys[twin.of]))
            instead[row] = min(staying[twin.of], key=source.key)
    return [_left_out(source, survey, row, instead.get(row), ignored) for row in sorted(flags) if flags[row]]


def _left_out(source: Source, survey: _Survey, row: int, of: int | None, ignored: set[str]) -> LeftOut:
    flags = {kind: survey.flags[row][kind] for kind in known_flags() if kind in survey.flags[row]}
    one = LeftOut(row, source.key(row), survey.path(row), flags, kept=flags.keys() <= ignored)
    return one if of is None else replace(one, of=source.key(of), of_row=of)


def _counted(rows: Sequence[LeftOut]) -> list[Problem]:
    """How often each flag is there, the first in order of their names' list."""
    problems = {kind: Problem(kind, meaning, fatal=False) for kind, meaning in known_flags().items()}
    for one in rows:
        for kind, reason in one.flags.items():
            problems[kind].add(one.key, one.path, reason)
    return [problem for problem in problems.values() if problem.count]
