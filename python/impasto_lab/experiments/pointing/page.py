"""The page of maps: what one model gets right and the other does not, with where both look."""

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
from impasto_lab.experiments.pointing.running import LOOKED_AT, QUESTIONS, maps_folder
from impasto_lab.experiments.results import Results
from impasto_lab.report.sheets import Shown, sheet_png
from impasto_lab.tasks.downstream.looking.questions import LOOKED

#: Intersection over union from which an expression counts as found, as in the evaluation.
_ENOUGH = 0.5
_TITLES = ("image", "without MixGen", "with MixGen")


def show(results: Results, folder: Path) -> None:
    """Writes ``report.html``, ``differences.png``; ``maps-{model}.png`` of the first seed with both arms, likewise
    ``questions-{model}.png`` where questions were asked; and ``chosen.json``.

    On an expression's map, one box is its own, the other the one that was chosen.

    Args:
        results: What was measured.
        folder: The experiment's.
    """
    settings: Downstream = results.settings
    drawn: dict[str, bytes] = {}
    if (differences := differences_png(results)) is not None:
        drawn["differences"] = differences
    chosen: dict[str, dict[str, list[str]]] = {}
    sheets = {"maps": _expressions} | ({"questions": _questions} if "vqa" in settings.tuning else {})
    for model in dict.fromkeys(arm.model for arm in settings.arms.values()):
        pairs = [(Piece(f"plain-{model}", one.seed), one) for one in sorted(results.measured)]
        both = [(p, m) for p, m in pairs if m.arm == f"mixgen-{model}" and p in results.measured]
        for name, rows_of in sheets.items() if both else ():
            rows, told = rows_of(folder, both[0])
            chosen.setdefault(model, {}).update(told)
            if rows:
                drawn[f"{name}-{model}"] = sheet_png(rows, titles=_TITLES, side=2.0)
    for name, content in drawn.items():
        with new_file(folder / f"{name}.png") as partial:
            partial.write_bytes(content)
    with new_file(folder / "chosen.json") as partial:
        partial.write_text(json.dumps(chosen, indent=2) + "\n", encoding="utf-8")
    write_page(results, folder, {name.replace("-", ", "): content for name, content in drawn.items()})


def _expressions(folder: Path, both: tuple[Piece, Piece]) -> tuple[list[list[Shown]], dict[str, list[str]]]:
    """Rows of a sheet, and the expressions on them by kind."""
    places = [maps_folder(folder, piece) for piece in both]
    found = [json.loads((place / "grounding_results.json").read_text(encoding="utf-8")) for place in places]
    looked = [[one for one in results[:LOOKED_AT] if "picture" in one] for results in found]
    hits = [[one["overlap"] >= _ENOUGH if one["reachable"] else None for one in results] for results in looked]
    rows, told = [], {}
    for kind, numbers in choose(*hits).items():
        title = f"found {kind}"
        told[title] = [looked[0][number]["text"] for number in numbers]
        for number in numbers:
            image = _read(world_of(folder).images / looked[0][number]["image"])
            maps = [
                Shown(_read(place / one[number]["picture"]), f"overlap {one[number]['overlap']:.2f}")
                for place, one in zip(places, looked, strict=True)
            ]
            rows.append([Shown(image, f"{title}\n{looked[0][number]['text']}"), *maps])
    return rows, told


def _questions(folder: Path, both: tuple[Piece, Piece]) -> tuple[list[list[Shown]], dict[str, list[str]]]:
    """Rows of a sheet, and the questions on them by kind."""
    places = [maps_folder(folder, piece) / QUESTIONS for piece in both]
    looked = [json.loads((place / LOOKED).read_text(encoding="utf-8")) for place in places]
    rows, told = [], {}
    for kind, numbers in choose(*([one["accuracy"] == 100 for one in results] for results in looked)).items():
        title = f"answered right {kind}"
        told[title] = [looked[0][number]["question"] for number in numbers]
        for number in numbers:
            image = _read(world_of(folder).images / looked[0][number]["image"])
            maps = [
                Shown(_read(place / one[number]["picture"]), one[number]["answer"])
                for place, one in zip(places, looked, strict=True)
            ]
            rows.append([Shown(image, f"{title}\n{looked[0][number]['question']}"), *maps])
    return rows, told


def _read(path: Path) -> npt.NDArray[np.uint8]:
    with PIL.Image.open(path) as image:
        pixels: npt.NDArray[np.uint8] = np.asarray(image.convert("RGB"))
    return pixels
