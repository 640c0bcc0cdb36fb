"""One arm with a seed: a model is pretrained, tuned to captioning, and tells held-out images."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from impasto.files import new_file
from impasto.ops import decode
from impasto_lab.experiments.downstream.data import image_file, task_data, world_of
from impasto_lab.experiments.downstream.running import pretrain_arm, tune_arm
from impasto_lab.experiments.downstream.settings import Downstream
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.experiments.paging import arms_of, differences_png, write_page
from impasto_lab.experiments.results import Results
from impasto_lab.experiments.scarcity.data import PARTS, source
from impasto_lab.report.sheets import Shown, sheet_png
from impasto_lab.tasks.downstream import CaptioningOptions, Judging, evaluate, open_checkpoint
from impasto_lab.training import pick_device

#: Images of each part that are shown.
_SHOWN = 3
_KEPT = "captions_results.json"


def run_piece(piece: Piece, settings: Downstream, place: Place) -> Mapping[str, float]:
    """Pretrains, tunes and tells; ``told/{arm}-{seed}/{part}/`` of the shared folder holds the captions.

    Returns:
        ``"CIDEr-D, seen"`` and likewise of BLEU-4, times 100, and of the mean of a caption's words.
    """
    world, device = world_of(place.shared), pick_device(place.device)
    pretrained = pretrain_arm(piece, settings, place)
    data = task_data(world, "retrieval", "train")  # whatever has captions
    opened = open_checkpoint(tune_arm("captioning", data, pretrained, piece, settings, place))
    found: dict[str, float] = {}
    for part, split in PARTS.items():
        judging = Judging(options=CaptioningOptions(), device=device, out=told_of(place.shared, piece, part))
        figures = evaluate("captioning", opened, task_data(world, "retrieval", split), judging)
        found |= {f"{name}, {part}": figures[name] for name in ("CIDEr-D", "BLEU-4", "words")}
    return found


def told_of(shared: Path, piece: Piece, part: str) -> Path:
    """Where the captions of a piece lie."""
    return shared / "told" / piece.name / part


def show(results: Results, folder: Path) -> None:
    """Writes ``report.html`` and ``differences.png``; ``told.png``, the first images of each part with what the arms of
    the first seed tell of them, where their captions lie.

    Args:
        results: What was measured.
        folder: The experiment's.
    """
    drawn: dict[str, bytes] = {}
    differences = differences_png(results)
    if differences is not None:
        drawn["differences"] = differences
    first = min((piece.seed for piece in results.measured), default=0)
    # Pieces that were taken from other evidence have no captions.
    pieces = [piece for arm in arms_of(results) if _has_told(folder, piece := Piece(arm, first))]
    if pieces:
        drawn["told"] = _sheet(folder, pieces)
    for name, content in drawn.items():
        with new_file(folder / f"{name}.png") as partial:
            partial.write_bytes(content)
    titles = {"differences": "differences, with 95 % intervals", "told": "what is told of images"}
    write_page(results, folder, {titles[name]: content for name, content in drawn.items()})


def _has_told(folder: Path, piece: Piece) -> bool:
    return all((told_of(folder, piece, part) / _KEPT).exists() for part in PARTS)


def _sheet(folder: Path, pieces: list[Piece]) -> bytes:
    """Images of each part in a row, each with what a person tells of it, and every arm."""
    world = world_of(folder)
    rows = []
    for part, split in PARTS.items():
        told = {piece: _captions(told_of(folder, piece, part)) for piece in pieces}
        data = source(world, split)
        row = []
        for number, key in enumerate(data.keys[:_SHOWN]):
            lines = [f"{part}: {data.index.captions(number)[0]}"]
            lines += [f"{piece.arm}: {captions[int(key)]}" for piece, captions in told.items()]
            row.append(Shown(decode(image_file(world, key).read_bytes()), "\n".join(lines)))
        rows.append(row)
    return sheet_png(rows, side=2.6)


def _captions(folder: Path) -> dict[int, str]:
    """By the image's id."""
    found = json.loads((folder / _KEPT).read_text(encoding="utf-8"))
    return {one["image_id"]: one["caption"] for one in found}
