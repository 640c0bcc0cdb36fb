"""A folder that one job fills, piece by piece: claimed, refused to other jobs, resumed where it stopped, added up."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from impasto.checks import require
from impasto.errors import ImpastoError, JobError, RecipeError, SourceError
from impasto.files import aside, new_file, writing
from impasto.jobs.running.claim import RUNNING, claimed
from impasto.jobs.running.engine import Engine, check_engine, run_pieces
from impasto.progress import Progress, silent

#: The file that says which job a folder is of, and whether it has ended.
JOB = "job.json"
_DONE = "done"
#: What a hash that differs stands for, where its name doesn't say it.
_MEANT = {"samples": " (a caption, a label, or an image file's size or time has changed since)"}

T = TypeVar("T")


@dataclass(frozen=True)
class Job:
    """Pieces of work whose results are files of one folder.

    A piece is done when all of its files are there. Each appears when it is complete, the report last; whoever finds
    them there trusts them. A run that stopped goes on when the same job is run again.

    Args:
        folder: New, empty, or of the same job.
        identity: What the pieces depend on, as JSON has it: ``format`` names the kind of job and its version, every
            other member is a part with values by name. ``done`` is taken: in the folder it says whether the job ended.
        sizes: How much there is to do in each piece, in the units of `Progress`.
        files: A piece's files, by its number; the last is its report.
    """

    folder: Path
    identity: Mapping[str, Any]
    sizes: Sequence[int]
    files: Callable[[int], Sequence[Path]]

    def missing(self, again: Collection[int] = ()) -> list[int]:
        """The numbers of the pieces that are not done, or are to be done again."""
        numbers = range(len(self.sizes))
        return [n for n in numbers if n in again or not all(file.exists() for file in self.files(n))]

    def run(
        self,
        function: Callable[[int], Any],
        *,
        workers: int = 0,
        engine: Engine = "processes",
        progress: Progress = silent,
        again: Collection[int] = (),
    ) -> int:
        """Does what is missing, alone in the folder.

        Args:
            function: Given a piece's number, writes its files; see `impasto.jobs.run_pieces`, and `write_report`.
            workers: As `run_pieces` has it.
            engine: As `run_pieces` has it.
            progress: Called after every piece, with what earlier runs have done counted in.
            again: The numbers of pieces that are done and are to be done again; the function replaces their files.

        Returns:
            How many pieces were there before.

        Raises:
            RecipeError: If the folder holds another job of this kind.
            SourceError: If it holds something else, or can't be written.
            JobError: If another run works there, or a worker was lost.
            KeyboardInterrupt: If it was stopped; it says what is kept.
        """
        check_engine(workers, engine)
        named = isinstance(self.identity.get("format"), str) and _DONE not in self.identity
        require(named, "a job's identity names its kind: {'format': 'mine-1', ...}, and has no 'done'")
        with _terminable(), ExitStack() as held:
            self._claim(held)
            missing = self.missing(again)
            self._sign(done=not missing)
            done, total = sum(self.sizes) - sum(self.sizes[number] for number in missing), sum(self.sizes)
            try:
                for number, _ in run_pieces(function, missing, workers=workers, engine=engine):
                    self._require_files(number)
                    done += self.sizes[number]
                    progress(done, total)
            except KeyboardInterrupt:
                kept = len(self.sizes) - len(self.missing())
                words = f"{kept} of {len(self.sizes)} pieces are kept in {self.folder}; the same again does the rest"
                raise KeyboardInterrupt(words) from None
            self._sign(done=True)
        return len(self.sizes) - len(missing)

    def _sign(self, *, done: bool) -> None:
        """Writes down which job the folder is of, and whether it has ended."""
        path, document = self.folder / JOB, {**self.identity, _DONE: done}
        if not path.exists() or _read(path) != json.loads(json.dumps(document)):
            write_report(path, document)

    def _require_files(self, number: int) -> None:
        absent = [str(file) for file in self.files(number) if not file.exists()]
        if absent:
            raise JobError(
                f"piece {number} ended without {', '.join(absent)}; its function must write all of its files"
            )

    def reports(self, check: Callable[[int, Any], T]) -> list[T]:
        """The reports of all pieces, read.

        Args:
            check: Given a piece's number and the JSON of its report, returns what it means; a ValueError, TypeError or
                KeyError says that it means nothing.

        Raises:
            SourceError: If one can't be read.
        """
        return [self.report(number, check) for number in range(len(self.sizes))]

    def report(self, number: int, check: Callable[[int, Any], T]) -> T:
        """The report of one piece, read as `reports` has it.

        Raises:
            SourceError: If it can't be read.
        """
        path = self.files(number)[-1]
        try:
            return check(number, json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError) as error:
            reason = f"the report can't be used: {error}; remove this file and run again, which does its piece again"
            raise SourceError(reason, path=str(path)) from error

    def _claim(self, held: ExitStack) -> None:
        """Makes the folder this job's, and keeps other runs out of it while the context is held."""
        path = self.folder / JOB
        try:
            self._compare(path)
            self.folder.mkdir(parents=True, exist_ok=True)
            held.enter_context(claimed(self.folder))
            self._compare(path)  # asked again, as nobody else answers it any more
        except OSError as error:
            raise _unusable(self.folder, error) from error

    def _compare(self, path: Path) -> None:
        """An error if the folder is anything else's."""
        if path.exists():
            there = _read(path)
            if isinstance(there, dict):
                there.pop(_DONE, None)
            _compare(there, json.loads(json.dumps(self.identity)), path)
            return
        if self.folder.exists():
            mine = {path, aside(path), path.with_name(RUNNING)}
            if not self.folder.is_dir() or not {*self.folder.iterdir()} <= mine:
                reason = f"it holds something else than a job's data (no {JOB}); choose another folder, or remove it"
                raise SourceError(reason, path=str(self.folder))


class State(NamedTuple):
    """How far the job is that fills a folder.

    Attributes:
        kind: The kind of job and its version.
        done: Whether all of its pieces are there.
    """

    kind: str
    done: bool


def job_state(folder: Path) -> State | None:
    """How far the job is that fills a folder; None if none does.

    Raises:
        SourceError: If the job's file is damaged, or can't be read.
    """
    path = folder / JOB
    try:
        there = _read(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(folder, error) from error
    kind = there.get("format") if isinstance(there, dict) else None
    return State(kind, there.get(_DONE) is True) if isinstance(kind, str) else None  # others may call a file so


def write_report(path: Path, report: Any) -> None:
    """Writes a piece's report, which appears when it is complete: the last thing that is done for a piece.

    Raises:
        SourceError: If it can't be written.
    """
    with writing("the report", path), new_file(path) as partial:
        partial.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _unusable(folder: Path, error: OSError) -> Exception:
    """The error of a folder, where it is not one of ours already."""
    if isinstance(error, ImpastoError):
        return error
    return SourceError(f"the folder can't be used: {error}; check it", path=str(folder))


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        reason = f"it is damaged, so what the folder holds is not known: {error}; choose another folder, or remove it"
        raise SourceError(reason, path=str(path)) from error


def _compare(there: Any, here: dict[str, Any], path: Path) -> None:
    known = there.get("format") if isinstance(there, dict) else None
    if known != here["format"]:
        reason = f"its format is {known!r}, and this job's {here['format']!r}; choose another folder"
        raise SourceError(f"it is of another kind of job, or version of impasto: {reason}", path=str(path))
    differences = []
    for part in sorted((there.keys() | here.keys()) - {"format"}):
        old, new = (_part(job, part) for job in (there, here))
        for name in sorted(old.keys() | new.keys()):
            before, after = old.get(name), new.get(name)
            if before != after:
                told = f"{name} was {before!r} and is {after!r}"
                differences.append(f"{part} have other {name}{_MEANT.get(name, '')}" if _is_hash(after) else told)
    if differences:
        told = ", ".join(differences)
        reason = f"the folder holds another job: {told}; choose another folder, or the same data and settings"
        raise RecipeError(reason, path=str(path))


def _part(job: dict[str, Any], name: str) -> dict[str, Any]:
    part = job.get(name)
    return part if isinstance(part, dict) else {name: part}


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM unwinds, as Ctrl-C does, where nobody has said what else it does."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
