"""The page of ranks: captions whose image rose, fell and stayed, with what stands above it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from impasto.files import new_file
from impasto.ops import decode
from impasto_lab.experiments.decoding import decoded
from impasto_lab.experiments.downstream.data import image_file, world_of
from impasto_lab.experiments.downstream.settings import Downstream
from impasto_lab.experiments.experiment import Piece
from impasto_lab.experiments.paging import write_page
from impasto_lab.experiments.ranking.choosing import choose
from impasto_lab.experiments.ranking.running import ranks_file
from impasto_lab.experiments.real.folder import task_data
from impasto_lab.experiments.real.settings import Real
from impasto_lab.experiments.results import Results
from impasto_lab.experiments.scarcity.data import PARTS
from impasto_lab.report.sheets import Shown, sheet_png
from impasto_lab.worlds import scenes

#: Images that come first, of each model.
_SHOWN = 3
_TITLES = [
    "the caption's image",
    *(f"{place}, without" for place in range(1, _SHOWN + 1)),
    *(f"{place}, with MixGen" for place in range(1, _SHOWN + 1)),
]


def show(results: Results, folder: Path) -> None:
    """Writes ``report.html``; ``ranks-{model}-{part}.png`` of the first seed with both ranks, and ``chosen.json``.

    Args:
        results: What was measured.
        folder: The experiment's.
    """
    settings: Downstream | Real = results.settings
    drawn: dict[str, bytes] = {}
    chosen: dict[str, Any] = {}
    for model in dict.fromkeys(arm.model for arm in settings.arms.values()):
        pairs = [(Piece(f"plain-{model}", one.seed), one) for one in sorted(results.measured)]
        both = [(p, m) for p, m in pairs if m.arm == f"mixgen-{model}" and p in results.measured]
        # Pieces that were taken from other evidence have no ranks.
        both = [pair for pair in both if all(ranks_file(folder, piece).exists() for piece in pair)]
        for part in _parts(folder, both):
            rows, told = _chosen(settings, folder, both[0], part)
            chosen[f"{model}, {part}"] = told
            drawn[f"ranks of true images, {model}, {part}"] = sheet_png(rows, titles=_TITLES)
            with new_file(folder / f"ranks-{model}-{part}.png") as file:
                file.write_bytes(drawn[f"ranks of true images, {model}, {part}"])
    with new_file(folder / "chosen.json") as file:
        file.write_text(json.dumps(chosen, indent=2) + "\n", encoding="utf-8")
    write_page(results, folder, drawn)


@dataclass(frozen=True, eq=False)
class _Images:
    """The images that were ranked, by their rows: pixels, and whether a caption fits one; None where nobody knows."""

    pixels: Callable[[int], Any]
    fits: Callable[[str, int], bool] | None


def _shown(settings: Downstream | Real, folder: Path, part: str, keys: Sequence[str]) -> _Images:
    if isinstance(settings, Real):
        return _Images(partial(decoded, task_data(settings, "coco", "test")), None)
    world = world_of(folder)
    known = world.known(PARTS[part])
    return _Images(
        lambda row: decode(image_file(world, keys[row]).read_bytes()),
        lambda caption, row: scenes.fits(caption, known[keys[row]]),
    )


def _ranks(folder: Path, piece: Piece) -> dict[str, Any]:
    ranks: dict[str, Any] = json.loads(ranks_file(folder, piece).read_text(encoding="utf-8"))
    return ranks


def _parts(folder: Path, both: Sequence[tuple[Piece, Piece]]) -> list[str]:
    """What was ranked by the first seed that has both arms."""
    return list(_ranks(folder, both[0][0])) if both else []


def _chosen(
    settings: Downstream | Real, folder: Path, both: tuple[Piece, Piece], part: str
) -> tuple[list[list[Shown]], list[dict[str, Any]]]:
    """Rows of a sheet, and what they show."""
    before, after = (_ranks(folder, piece)[part] for piece in both)
    captions, owners, keys = (before[name] for name in ("captions", "owners", "keys"))
    shown = _shown(settings, folder, part, keys)
    rows, told = [], []
    for kind, numbers in choose(np.array(before["ranks"]), np.array(after["ranks"])).items():
        for number in numbers:
            caption, own = captions[number], owners[number]
            ranks = 1 + before["ranks"][number], 1 + after["ranks"][number]
            words = f"{kind}: rank {ranks[0]} → {ranks[1]}\n{caption}"
            row = [Shown(shown.pixels(own), words, marked=True)]
            for first in (before["first"][number][:_SHOWN], after["first"][number][:_SHOWN]):
                row += [
                    Shown(
                        shown.pixels(at),
                        _judged(at == own, shown.fits and shown.fits(caption, at)),
                        at == own,
                    )
                    for at in first
                ]
            rows.append(row)
            told.append({"kind": kind, "caption": caption, "image": keys[own], "before": ranks[0], "after": ranks[1]})
    return rows, told


def _judged(own: bool, fits: bool | None) -> str:
    if own or fits is None:
        return "its own" if own else "another"
    return "fits the caption too" if fits else "does not fit"
