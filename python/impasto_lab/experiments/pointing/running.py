"""One arm with a seed: pretrained, tuned to expressions without their boxes and to questions, asked where it looks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from impasto.sources import RefCoco
from impasto_lab.experiments.downstream.data import task_data, world_of
from impasto_lab.experiments.downstream.running import pretrain_arm, tune_arm
from impasto_lab.experiments.downstream.settings import Downstream
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.experiments.pointing.settings import LOOKED_AT
from impasto_lab.tasks.downstream import GroundingOptions, Judging, VqaOptions, evaluate, open_checkpoint
from impasto_lab.training import pick_device
from impasto_lab.worlds import World

#: What is held out, by the splits that are judged together; pictures are of the last.
_HELD = ("val", "testA+testB")
#: The folder of questions below `maps_folder`.
QUESTIONS = "questions"


def run_piece(piece: Piece, settings: Downstream, place: Place) -> Mapping[str, float]:
    """Pretrains, tunes, and finds expressions by Grad-CAM of matching; answers questions, where that is tuned to.

    ``maps/{arm}-{seed}/`` of the shared folder gets ``grounding_results.json`` and pictures of the first maps;
    ``questions/`` below it what `impasto_lab.tasks.downstream.looking.questions.draw_questions` writes.

    Returns:
        ``"val"``, ``"testA"`` and ``"testB"``, the share of expressions that are found, in per cent;
        ``"on no proposal"``, the share of the tests' maps that lie on none; and ``"vqa"``, the accuracy on the test's
        questions.
    """
    pretrained = pretrain_arm(piece, settings, place)
    world = world_of(place.shared)
    folder = tune_arm("grounding", expressions(world, "train"), pretrained, piece, settings, place)
    opened, device = open_checkpoint(folder), pick_device(place.device)
    found: dict[str, float] = {}
    for splits in _HELD:
        last = splits == _HELD[-1]
        out = maps_folder(place.shared, piece) if last else None
        options = GroundingOptions(pictures=LOOKED_AT if last else 0)
        figures = evaluate(
            "grounding", opened, expressions(world, splits), Judging(options=options, device=device, out=out)
        )
        found |= {split: figures[split] for split in splits.split("+")}
        if last:
            found["on no proposal"] = figures["empty"]
    if "vqa" in settings.tuning:
        tuned = tune_arm("vqa", task_data(world, "vqa", "train"), pretrained, piece, settings, place)
        judging = Judging(
            options=VqaOptions(pictures=LOOKED_AT), device=device, out=maps_folder(place.shared, piece) / QUESTIONS
        )
        data = task_data(world, "vqa", "test")
        found["vqa"] = evaluate("vqa", open_checkpoint(tuned), data, judging)["accuracy"]
    return found


def expressions(world: World, splits: str) -> RefCoco:
    """The world's expressions, of one split or of several joined by ``"+"``."""
    return RefCoco(world.root / "refcoco+", images=world.images, split=splits)


def maps_folder(shared: Path, piece: Piece) -> Path:
    """Where the maps of a piece lie."""
    return shared / "maps" / piece.name
