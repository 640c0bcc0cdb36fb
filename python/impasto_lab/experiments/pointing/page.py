"""The page of maps: what one model gets right and the other does not, with where both look."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import PIL.Image

from impasto.files import new_file
from impasto_lab.experiments.downstream.data import world_of
from impasto_lab.experiments.downstream.settings import Downstream
from impasto_lab.experiments.experiment import Piece
from impasto_lab.experiments.paging import differences_png, write_page
from impasto_lab.experiments.pointing.choosing import choose
from impasto_lab.experiments.pointing.running import QUESTIONS, maps_folder
from impasto_lab.experiments.pointing.settings import LOOKED_AT
from impasto_lab.experiments.real.folder import image_file
from impasto_lab.experiments.real.settings import Real
from impasto_lab.experiments.results import Results
from impasto_lab.report.sheets import Shown, sheet_png
from impasto_lab.tasks.downstream.looking.questions import LOOKED

#: Intersection over union from which an expression counts as found, as in the evaluation.
_ENOUGH = 0.5
_TITLES = ("image", "without MixGen", "with MixGen")


def show(results: Results, folder: Path) -> None:
    """Writes ``report.html``, ``differences.png``; ``maps-{model}.png`` of the first seed with maps of both arms,
    likewise ``questions-{model}.png`` where questions were asked; and ``chosen.json``.

    On an expression's map, one box is its own, the other the one that was chosen.

    Args:
        results: What was measured.
        folder: The experiment's.
    """
    settings: Downstream | Real = results.settings
    drawn: dict[str, bytes] = {}
    if (differences := differences_png(results)) is not None:
        drawn["differences"] = differences
    chosen: dict[str, dict[str, list[str]]] = {}
    sheets = {"maps": ("found", _expressions)}
    if "vqa" in settings.tuning:
        sheets["questions"] = ("answered right", _questions)
    for model in dict.fromkeys(arm.model for arm in settings.arms.values()):
        pairs = [(Piece(f"plain-{model}", one.seed), one) for one in sorted(results.measured)]
        both = [(p, m) for p, m in pairs if m.arm == f"mixgen-{model}" and p in results.measured]
        # Pieces that were taken from other evidence have no maps.
        both = [pair for pair in both if all(maps_folder(folder, piece).exists() for piece in pair)]
        for name, (done, looked) in sheets.items() if both else ():
            seen = [looked(maps_folder(folder, piece)) for piece in both[0]]
            rows, told = _rows(lambda image: _file(settings, folder, image), done, *seen)
            chosen.setdefault(model, {}).update(told)
            if rows:
                drawn[f"{name}-{model}"] = sheet_png(rows, titles=_TITLES, side=2.0)
    for name, content in drawn.items():
        with new_file(folder / f"{name}.png") as partial:
            partial.write_bytes(content)
    with new_file(folder / "chosen.json") as partial:
        partial.write_text(json.dumps(chosen, indent=2) + "\n", encoding="utf-8")
    write_page(results, folder, {name.replace("-", ", "): content for name, content in drawn.items()})


class _Looked(NamedTuple):
    """Where a model looked for a text: the image's file, the text, the map, what came of it, and whether it was right;
    None where it couldn't be.
    """

    image: str
    text: str
    picture: Path
    outcome: str
    right: bool | None


def _expressions(place: Path) -> list[_Looked]:
    results = json.loads((place / "grounding_results.json").read_text(encoding="utf-8"))
    return [
        _Looked(
            one["image"],
            one["text"],
            place / one["picture"],
            f"overlap {one['overlap']:.2f}",
            one["overlap"] >= _ENOUGH if one["reachable"] else None,
        )
        for one in results[:LOOKED_AT]
        if "picture" in one
    ]


def _questions(place: Path) -> list[_Looked]:
    place = place / QUESTIONS
    results = json.loads((place / LOOKED).read_text(encoding="utf-8"))
    return [
        _Looked(one["image"], one["question"], place / one["picture"], one["answer"], one["accuracy"] == 100)
        for one in results
    ]


def _rows(
    file: Callable[[str], Path], done: str, without: Sequence[_Looked], within: Sequence[_Looked]
) -> tuple[list[list[Shown]], dict[str, list[str]]]:
    """Rows of a sheet, and the texts on them by what was ``done`` and by whom; ``file`` tells where an image lies."""
    rows, told = [], {}
    images = [one.image for one in without]
    for kind, numbers in choose([one.right for one in without], [one.right for one in within], images).items():
        title = f"{done} {kind}"
        told[title] = [without[number].text for number in numbers]
        for number in numbers:
            both = without[number], within[number]
            image = Shown(_read(file(both[0].image)), f"{title}\n{both[0].text}")
            rows.append([image, *(Shown(_read(one.picture), one.outcome) for one in both)])
    return rows, told


def _file(settings: Downstream | Real, folder: Path, image: str) -> Path:
    return image_file(settings, image) if isinstance(settings, Real) else world_of(folder).images / image


def _read(path: Path) -> npt.NDArray[np.uint8]:
    with PIL.Image.open(path) as image:
        pixels: npt.NDArray[np.uint8] = np.asarray(image.convert("RGB"))
    return pixels
