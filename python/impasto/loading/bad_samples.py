"""What happens to samples that can't be used: counted, written down, and limited."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from impasto.batch import Batch, BatchKey
from impasto.errors import BadSampleBudgetError, RecipeError

#: The budget is a rate; it is held against at least this many samples, so that the first bad one doesn't end a run.
_WINDOW = 1000


class BadSamples:
    """The policy for bad samples, and its record.

    Args:
        on_error: ``"raise"``, or ``"replace"``: a substitute drawn from the sample's own stream takes its place, and
            the batch keeps its size.
        budget: Largest share of samples that may be replaced, in [0, 1].
        manifest: A JSON-lines file that every replaced sample is appended to; None writes none.

    Raises:
        RecipeError: If a value makes no sense.
    """

    def __init__(
        self,
        on_error: Literal["raise", "replace"] = "raise",
        *,
        budget: float = 0.01,
        manifest: str | Path | None = "bad_samples.jsonl",
    ) -> None:
        if on_error not in ("raise", "replace"):
            raise RecipeError(f"on_error={on_error!r} is not known; use 'raise' or 'replace'")
        if not 0 <= budget <= 1:
            raise RecipeError(f"budget={budget!r} must lie in [0, 1]")
        self.replace = on_error == "replace"
        self.budget = budget
        self.manifest = Path(manifest) if manifest is not None else None
        self.seen = 0
        self.count = 0

    def record(self, key: BatchKey, batch: Batch) -> None:
        """Counts a batch, and writes down what was replaced in it.

        Raises:
            BadSampleBudgetError: If the share of replaced samples passes the budget.
        """
        self.seen += len(batch)
        self.count += len(batch.replaced)
        if not batch.replaced:
            return
        if self.manifest is not None:
            lines = [json.dumps(asdict(bad) | {"epoch": key.epoch, "step": key.step}) for bad in batch.replaced]
            # One write in append mode: lines of several workers don't interleave.
            with self.manifest.open("a", encoding="utf-8") as file:
                file.write("".join(f"{line}\n" for line in lines))
        if self.count > self.budget * max(self.seen, _WINDOW):
            last = batch.replaced[-1]
            raise BadSampleBudgetError(
                f"{self.count} of {self.seen} samples were bad, over budget={self.budget}; the last: {last.reason}. "
                f"See {self.manifest or 'a manifest=FILE'}, or check the data with `impasto info`",
                key=last.key,
                path=last.path,
            )
