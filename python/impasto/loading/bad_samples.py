"""What happens to samples that can't be used: counted, written down, and limited."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from impasto.batch import Batch, Replaced
from impasto.checks import choice, probability, require
from impasto.errors import BadSampleBudgetError, InternalError, SourceError
from impasto.files import open_regular
from impasto.messages import logger, warn_once

#: The budget is a rate; it is held against at least this many samples, so that the first bad one doesn't end a run.
_WINDOW = 1000


def default_manifest() -> Path:
    """Where replaced samples are written by default: ``~/.local/state/impasto/bad_samples.jsonl``.

    ``$XDG_STATE_HOME`` stands for ``~/.local/state`` where it is set.
    """
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path("~/.local/state").expanduser()) / "impasto" / "bad_samples.jsonl"


class BadSamples:
    """The policy for bad samples, and its record.

    A bug of impasto (`InternalError`) is no bad sample: it is replaced too, but warned of, counted apart and written
    down as what it is.

    Args:
        on_error: ``"raise"``, or ``"replace"``: a substitute drawn from the sample's own stream takes its place, and
            the batch keeps its size.
        budget: Largest share of samples that may be replaced, in [0, 1], of all batches that were given since this was
            made, or of 1,000 samples where that is more: the first ten bad ones never end a run whose budget is 0.01. A
            `Loader` judges batches in the order in which it gives them, so that a run ends at the same batch with any
            number of workers; each rank judges its own. In a stock DataLoader each worker judges what it makes.
        manifest: A JSON-lines file that every replaced sample is appended to, made with its folder and tried at once;
            True stands for `default_manifest`, None writes none.

    Raises:
        RecipeError: If a value makes no sense.
        SourceError: If the manifest can't be written.
    """

    def __init__(
        self,
        on_error: Literal["raise", "replace"] = "raise",
        *,
        budget: float = 0.01,
        manifest: str | Path | Literal[True] | None = True,
    ) -> None:
        choice("on_error", on_error, ("raise", "replace"))
        probability("budget", budget)
        known = manifest is None or manifest is True or isinstance(manifest, str | os.PathLike)
        require(known, f"manifest={manifest!r} must be a path, True for the default one, or None, which writes none")
        self.replace = on_error == "replace"
        self.budget = budget
        self.manifest = default_manifest() if manifest is True else Path(manifest) if manifest is not None else None
        self._given = self._replaced = 0
        #: Bad samples so far, of what this process made.
        self.count = 0
        #: Samples so far that impasto itself failed at.
        self.bugs = 0
        self._told_at = 1
        if self.replace:
            self._write([])

    def record(self, batch: Batch) -> None:
        """Counts a batch that was made, and writes down what was replaced in it.

        Raises:
            SourceError: If the manifest can't be written any more.
        """
        if not batch.replaced:
            return
        bugs = [bad for bad in batch.replaced if bad.error == InternalError.__name__]
        if bugs and not self.bugs:
            _warn(bugs[0])
        self.bugs += len(bugs)
        self.count += len(batch.replaced) - len(bugs)
        when = {"epoch": batch.id.epoch, "step": batch.id.step}
        self._write([json.dumps(asdict(bad) | when) for bad in batch.replaced])

    def judge(self, batch: Batch) -> None:
        """Holds a batch that is given to the budget, and those before it; logs what was replaced so far.

        Raises:
            BadSampleBudgetError: If the share of replaced samples passes the budget.
        """
        self._given += len(batch)
        self._replaced += len(batch.replaced)
        if not batch.replaced:
            return
        self._tell(batch.replaced[-1])
        if self._replaced > self.budget * max(self._given, _WINDOW):
            self._refuse(batch.replaced)

    def _write(self, lines: list[str]) -> None:
        if self.manifest is None:
            return
        try:
            self.manifest.parent.mkdir(parents=True, exist_ok=True)
            with open_regular(self.manifest, "ab") as file:
                _append(file.fileno(), "".join(f"{line}\n" for line in lines).encode())
        except OSError as error:
            why = error.reason if isinstance(error, SourceError) else error
            reason = f"the manifest of bad samples can't be written: {why}; give another manifest=FILE, or None"
            raise SourceError(reason, path=str(self.manifest)) from error

    def _tell(self, last: Replaced) -> None:
        """Logs the first, and again when there are twice as many, whichever process made them."""
        if self._replaced < self._told_at:
            return
        self._told_at = 2 * self._replaced
        logger.warning(
            "%d of %d samples replaced, the last: %s (%s): %s; all are in %s",
            *(self._replaced, self._given, last.key, last.path, last.reason, self.manifest or "batch.replaced"),
            extra={"every_rank": True},
        )

    def _refuse(self, replaced: Sequence[Replaced]) -> None:
        last, bugs = replaced[-1], sum(bad.error == InternalError.__name__ for bad in replaced)
        told = f" ({bugs} of the last {len(replaced)} by bugs of impasto)" if bugs else ""
        where = f"See {self.manifest or 'a manifest=FILE'}, or check the data with `impasto info`"
        raise BadSampleBudgetError(
            f"{self._replaced} of {self._given} samples were bad{told}, over budget={self.budget} "
            f"(of {_WINDOW:,} samples at least); the last: {last.reason}. {where}",
            key=last.key,
            path=last.path,
        )


def _append(file: int, text: bytes) -> None:
    """Appends all of a text or nothing.

    Raises:
        OSError: If it can't be written.
    """
    written = 0
    try:
        # One write in append mode: lines of several workers don't interleave. A disk that is full, or a limit, takes a
        # part, and says what it is when the rest comes.
        while written < len(text):
            written += os.write(file, text[written:])
    except OSError:
        # The next line would go on with the part.
        end = os.fstat(file).st_size
        if written and os.lseek(file, 0, os.SEEK_CUR) == end:
            os.ftruncate(file, end - written)
        raise


def _warn(bug: Replaced) -> None:
    warn_once(
        f"impasto failed at sample {bug.key!r} ({bug.path}): {bug.reason}. That is a bug of impasto, not of the data; "
        "the sample was replaced, please report it",
        RuntimeWarning,
        key="a bug of impasto",
        stacklevel=4,
    )
