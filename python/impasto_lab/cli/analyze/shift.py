"""``impasto analyze shift``: what networks lose when their domain changes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from impasto.checks import require
from impasto.cli import Device, File, Folder, Positional, Positive, output

EPILOG = """\
examples:
  impasto analyze shift --experiment stl10
  impasto analyze shift office31/none-0/DW-A/checkpoints/step-00001000 --corrupted 0"""


@dataclass(frozen=True, kw_only=True)
class AnalyzeShift:
    """Measures networks that reproduce has trained to name images: stl10's, style-search's, office31's.

    Accuracy on target, source and training images and the gaps between them with their course, accuracy under 15
    corruptions of 5 severities, the distance of the domains in feature space (a linear probe's A-distance, MMD), and
    shape bias. Tables and plots go to OUT/shift.html, the numbers to OUT/shift.json.

    Args:
        checkpoint: A checkpoint, or the folder of a training, inside of an experiment's folder.
        experiment: An experiment's folder: all of its networks, arms beside each other.
        images: Of each kind, at most.
        corrupted: Images that are corrupted in 75 ways; 0 leaves that out.
        out: Where the page goes; by default analysis/ in the experiment's folder or the training's.
        device: Where networks run; auto takes a GPU if there is one.
        json: Write the numbers as JSON too ('-': to standard output, alone).
    """

    checkpoint: Positional[Annotated[str | None, "CHECKPOINT"]] = None
    experiment: Folder | None = None
    images: Positive = 500
    corrupted: int = 200
    out: Folder | None = None
    device: Device = "auto"
    json: File | None = None


def run(asked: AnalyzeShift) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.

    Raises:
        RecipeError: If not one of checkpoint and experiment is given.
    """
    require((asked.checkpoint is None) != (asked.experiment is None), "name a CHECKPOINT or an --experiment DIR")
    console = output.console(asked.json)
    from impasto_lab.experiments.analysis.page import COLUMNS, table, write_shift
    from impasto_lab.experiments.analysis.shift import analyze
    from impasto_lab.experiments.classification.opening import training_of, trainings

    found = trainings(Path(asked.experiment)) if asked.experiment else [training_of(Path(asked.checkpoint or ""))]
    tell = output.Terminal(console)
    shifts = analyze(found, images=asked.images, corrupted=asked.corrupted, device=asked.device, narrator=tell)
    folder = Path(asked.out or (Path(asked.experiment) if asked.experiment else found[0].folder) / "analysis")
    page = write_shift(shifts, folder)
    names = [name for name, _ in COLUMNS if any(name in one.scores for one in shifts)]
    tell.table("domain shift and overfitting", ("task", "arm", "seeds", *names), table(shifts))
    if asked.json != "-":
        console.print(f"the page: {page}", markup=False, soft_wrap=True)
    output.write_json({"networks": [one.as_dict() for one in shifts]}, asked.json)
    return 0
