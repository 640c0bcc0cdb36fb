"""The page of maps: expressions that one model finds and the other does not, with where both look."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL.Image

from impasto.files import new_file
from impasto_lab.experiments.downstream.data import world_of
from impasto_lab.experiments.downstream.settings import Downstream
from impasto_lab.experiments.experiment import Piece
from impasto_lab.experiments.paging import differences_png, write_page
from impasto_lab.experiments.pointing.choosing import choose
from impasto_lab.experiments.pointing.running import LOOKED_AT, maps_folder
from impasto_lab.experiments.results import Results
from impasto_lab.report.sheets import Shown, sheet_png

_TITLES = ("image", "without MixGen", "with MixGen")


def show(results: Results, folder: Path) -> None:
    """Writes ``report.html``, ``differences.png``; ``maps-{model}.png`` of the first seed with both arms, and
    ``chosen.json``.

    On a map, one box is the expression's, the other the one that was chosen.

    Args:
        results: What was measured.
        folder: The experiment's.
    """
    settings: Downstream = results.settings
    drawn: dict[str, bytes] = {}
    if (differences := differences_png(results)) is not None:
        drawn["differences"] = differences
    chosen: dict[str, dict[str, list[str]]] = {}
    for model in dict.fromkeys(arm.model for arm in settings.arms.values()):
        pairs = [(Piece(f"plain-{model}", one.seed), one) for one in sorted(results.measured)]
        both = [(p, m) for p, m in pairs if m.arm == f"mixgen-{model}" and p in results.measured]
        if both:
            rows, chosen[model] = _rows(folder, both[0])
            if rows:
                drawn[f"maps-{model}"] = sheet_png(rows, titles=_TITLES, side=2.0)
    for name, content in drawn.items():
        with new_file(folder / f"{name}.png") as partial:
            partial.write_bytes(content)
    with new_file(folder / "chosen.json") as partial:
        partial.write_text(json.dumps(chosen, indent=2) + "\n", encoding="utf-8")
    write_page(results, folder, {name.replace("-", ", "): content for name, content in drawn.items()})


def _rows(folder: Path, both: tuple[Piece, Piece]) -> tuple[list[list[Shown]], dict[str, list[str]]]:
    """Rows of a sheet, and the expressions on them by kind."""
    places = [maps_folder(folder, piece) for piece in both]
    found = [json.loads((place / "grounding_results.json").read_text(encoding="utf-8")) for place in places]
    without, within = ([one for one in results[:LOOKED_AT] if "picture" in one] for results in found)
    rows, told = [], {}
    for kind, numbers in choose(without, within).items():
        told[kind] = [without[number]["text"] for number in numbers]
        for number in numbers:
            image = _read(world_of(folder).images / without[number]["image"])
            maps = [
                Shown(_read(place / one[number]["picture"]), f"overlap {one[number]['overlap']:.2f}")
                for place, one in zip(places, (without, within), strict=True)
            ]
            rows.append([Shown(image, f"{kind}\n{without[number]['text']}"), *maps])
    return rows, told


def _read(path: Path) -> npt.NDArray[np.uint8]:
    with PIL.Image.open(path) as image:
        pixels: npt.NDArray[np.uint8] = np.asarray(image.convert("RGB"))
    return pixels
