"""A training step, and what feeds it: our loader, with MixGen and without, and a stock DataLoader."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from impasto.ops import tokenize
from impasto.sources import Source
from impasto_lab.bench import machine, ours, quiet
from impasto_lab.bench.answers import Answers, compare
from impasto_lab.bench.feeding.steps import ClipStep, Paced, Step, Stepping
from impasto_lab.bench.own_files import files_of
from impasto_lab.bench.peers import pillow
from impasto_lab.bench.settings import TrainStepTiming
from impasto_lab.bench.timing import Row, Track, take_turns, untracked
from impasto_lab.bench.work import Work
from impasto_lab.models import ClipSettings

#: Tokens of a caption.
LENGTH = 32


@dataclass(frozen=True, kw_only=True)
class TrainStepBench(machine.Recorded):
    """What was measured.

    Attributes:
        rows: The step alone, loaders alone, and steps fed by loaders.
        waits: With one worker, the share of each round in which the step waited for a batch, by loader.
        answers: What was compared before.
        parameters: Of the model; 0 where the step trains none.
    """

    rows: tuple[Row, ...]
    waits: dict[str, list[float]]
    answers: Answers
    parameters: int

    def milliseconds(self, name: str) -> float:
        """A batch's CPU time in a row without workers; the median of its rounds."""
        row = next(row for row in self.rows if row.name == name and row.workers == 0)
        return 1000 * float(self.settings["batch_size"]) / row.images_per_second

    @property
    def waiting(self) -> dict[str, float]:
        """The medians of the rounds' shares."""
        return {name: statistics.median(shares) for name, shares in self.waits.items()}

    @property
    def pace(self) -> float:
        """Milliseconds of a step of fixed time, beside which loaders run; 0 where it shares the core with them."""
        return float(self.settings.get("pace", 0.0))

    @property
    def shares(self) -> dict[str, float]:
        """What a loader takes of the CPU time of a step with it, or of a fixed time: ours, and the stock DataLoader."""
        return {name: (own := self.milliseconds(name)) / self._whole(own) for name in (ours.NAME, pillow.NAME)}

    @property
    def mixgen(self) -> float:
        """What MixGen adds to a step that our loader feeds, as a share of it."""
        plain = self.milliseconds("plain")
        return (self.milliseconds(ours.NAME) - plain) / self._whole(plain)

    def _whole(self, loader: float) -> float:
        return self.pace or loader + self.milliseconds("step")

    @property
    def ratio(self) -> float | None:
        """How many times as many steps our loader feeds on one core as the stock one; None beside a fixed time."""
        if self.pace:
            return None
        return self.milliseconds(f"{pillow.NAME} + step") / self.milliseconds(f"{ours.NAME} + step")

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        alone = [row for row in self.rows if row.workers == 0]
        return {
            "rows": [row.as_dict() for row in self.rows],
            "milliseconds": {row.name: round(self.milliseconds(row.name), 2) for row in alone},
            "loader_share": {name: round(share, 4) for name, share in self.shares.items()},
            "mixgen_share": round(self.mixgen, 4),
            "ratio": None if self.ratio is None else round(self.ratio, 3),
            "waiting": {name: round(share, 4) for name, share in self.waiting.items()},
            "waits": {name: [round(share, 4) for share in shares] for name, shares in self.waits.items()},
            "answers": asdict(self.answers),
            "parameters": self.parameters,
            **self.circumstances(),
        }


def run(
    settings: TrainStepTiming | None = None,
    *,
    data: Source | None = None,
    folder: Path | None = None,
    track: Track = untracked,
) -> TrainStepBench:
    """Compares our loader's batches with those of Pillow's, then times steps and what feeds them in turns.

    Args:
        settings: What is timed.
        data: Whose images and captions, spread over it; photographs of the settings' size by default.
        folder: Where to write the files; a temporary folder by default.
        track: Shows progress.

    Raises:
        AnswersDifferError: If the loaders don't agree.
        RecipeError: If the data have fewer images that Pillow opens than a batch has.
    """
    settings = settings or TrainStepTiming()
    sizes = ClipSettings.preset(settings.preset, text_length=LENGTH)
    work = Work(batch_size=settings.batch_size, size=sizes.image_size, length=LENGTH, seed=settings.seed)
    versions = machine.versions("impasto", "torch", *pillow.PACKAGES)
    torch.manual_seed(settings.seed)
    with tempfile.TemporaryDirectory(prefix="impasto-bench-") as temporary:
        files = files_of(data, folder or Path(temporary), settings)
        answers = compare(files, work, (pillow,))
        ids = torch.from_numpy(np.unique(tokenize(list(files.captions), length=LENGTH).input_ids))
        step: Step = Paced(settings.pace / 1000)
        if not settings.pace:
            step = ClipStep(replace(sizes, vocabulary=len(ids)), ids, seed=settings.seed)
        held = list(ours.open_loader(files, work, workers=0))
        alone = [
            Row("step", "the step alone", 0, Stepping(held, step)),
            Row(ours.NAME, "impasto", 0, ours.open_loader(files, work, workers=0)),
            Row("plain", "impasto without MixGen", 0, ours.open_loader(files, replace(work, mixed=0.0), workers=0)),
            Row(pillow.NAME, pillow.TITLE, 0, pillow.open_loader(files, work, workers=0)),
        ]
        fed = [
            Row(f"{name} + step", f"{title}, and the step", count, Stepping(opened(files, work, workers=count), step))
            for count in (0, 1)
            for name, title, opened in (
                (ours.NAME, ours.TITLE, ours.open_loader),
                (pillow.NAME, pillow.TITLE, pillow.open_loader),
            )
        ]
        for row in (*alone, *fed):
            row.version = versions[
                "pillow" if row.name.startswith(pillow.NAME) else "torch" if row.name == "step" else "impasto"
            ]
        load = quiet.load()
        take_turns([*alone, *fed], rounds=settings.rounds, track=track)
    return TrainStepBench(
        rows=(*alone, *fed),
        waits=_waits(fed),
        answers=answers,
        parameters=step.parameters,
        machine=machine.describe(),
        versions=versions,
        load=load,
        settings={"data": None if data is None else repr(data), **asdict(settings)},
        command=" ".join(["impasto", *sys.argv[1:]]),
    )


def _waits(rows: Sequence[Row]) -> dict[str, list[float]]:
    shares = {}
    for row in rows:
        if row.workers:
            assert isinstance(row.loader, Stepping)
            shares[row.name.removesuffix(" + step")] = row.loader.waited[1:]  # the first warms up
    return shares
