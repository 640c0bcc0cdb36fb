"""What a terminal is told of a run: a line a record, with how long it will take."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from impasto.cli import output


class RecordLines:
    """Prints each record of a run as a line: ``step 40/3000  loss 3.21  lr 0.0004  210 images/s  ETA ...``.

    Args:
        tell: The terminal.
        steps: Of the whole run.
    """

    def __init__(self, tell: output.Terminal, steps: int) -> None:
        self._tell, self._steps = tell, steps
        self._began = time.perf_counter()
        self._first: int | None = None

    def write(self, record: Mapping[str, Any]) -> None:
        """Prints one."""
        self._tell.say(self.line(record))

    def line(self, record: Mapping[str, Any]) -> str:
        """A record in a line; of an evaluation, its scores."""
        step, rest = record["step"], {name: value for name, value in record.items() if name != "step"}
        words = [f"step {step}/{self._steps}"]
        timed = {"lr", "images_per_second", "loader_share"}
        words += [f"{name} {value:.4g}" for name, value in rest.items() if name not in timed]
        if "images_per_second" in rest:
            words.append(f"lr {rest['lr']:.2g}")
            words.append(f"{rest['images_per_second']:.0f} images/s")
            words.append(f"loader {100 * rest['loader_share']:.1f} %")
            words += self._left(step)
        return "  ".join(words)

    def _left(self, step: int) -> list[str]:
        """How long the rest takes, once two records tell how long a step does."""
        now = time.perf_counter()
        if self._first is None or step <= self._first:
            self._first, self._began = step, now
            return []
        seconds = (now - self._began) / (step - self._first) * (self._steps - step)
        return [f"ETA {timedelta(seconds=round(seconds))}"]
