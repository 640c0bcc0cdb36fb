"""What each variant of MixGen makes of the scenes: measured over an epoch, and shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from impasto.batch import Batch
from impasto.files import new_file
from impasto.recipe import BertTokenizer, TextRecipe
from impasto.sources import Source
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.experiments.paging import write_page
from impasto_lab.experiments.results import Results
from impasto_lab.experiments.scarcity.data import loader, source
from impasto_lab.experiments.scarcity.settings import Arm, Scarcity
from impasto_lab.report.mixgen import draw_variants, write_mixgen_page
from impasto_lab.report.pictures import unnormalize
from impasto_lab.report.sheets import Shown, sheet_png
from impasto_lab.worlds import World

#: Pairs that are shown, and the side of their images in pixels.
_PAIRS, _SIDE = 4, 128
#: A weight nearer to 0 or 1 than this leaves one image alone to be seen.
_HARDLY = 0.05


def measure_arm(piece: Piece, settings: Scarcity, place: Place) -> Mapping[str, float]:
    """What an epoch of an arm's mixtures consists of.

    Returns:
        Of the mixed rows: ``mixed visibly``, the share in per cent whose images both weigh at least 5 %; ``weight`` of
        the row's own image, its mean; ``words kept``, the share in per cent of the words of both captions; and
        ``tokens lost``, those that did not fit, per caption.
    """
    arm = settings.arms[piece.arm]
    plain = Arm(model=arm.model, mixgen=False, images=arm.images, epochs=arm.epochs)
    both = replace(settings, arms={"arm": arm, "plain": plain})
    return mixtures(zip(*(loader(both, name, piece.seed, place.shared) for name in ("arm", "plain")), strict=True))


def mixtures(pairs: Iterable[tuple[Batch, Batch]]) -> dict[str, float]:
    """What mixtures consist of; see `measure_arm`.

    Args:
        pairs: Batches, each mixed and as it is without.
    """
    weights: list[float] = []
    kept: list[float] = []
    lost: list[float] = []
    for mixed, still in pairs:
        assert mixed.captions is not None
        assert mixed.lost is not None
        assert still.captions is not None
        partners = np.asarray(mixed.plan.partners)
        for row in np.flatnonzero(partners != np.arange(len(partners))).tolist():
            given = len(still.captions[row].split()) + len(still.captions[partners[row]].split())
            weights.append(float(mixed.plan.lams[row]))
            kept.append(len(mixed.captions[row].split()) / given)
            lost.append(float(mixed.lost[row]))
    visible = [_HARDLY <= weight <= 1 - _HARDLY for weight in weights]
    return {
        "mixed visibly": 100 * float(np.mean(visible)),
        "weight": float(np.mean(weights)),
        "words kept": 100 * float(np.mean(kept)),
        "tokens lost": float(np.mean(lost)),
    }


def show(results: Results, folder: Path) -> None:
    """Writes ``report.html``, ``variants.png`` (pairs, and what each variant makes of them) and ``variants.html``; the
    pictures where the world is there, which pieces taken from other evidence do without.

    Args:
        results: What was measured.
        folder: The experiment's.
    """
    settings: Scarcity = results.settings
    if not (folder / "world").exists():
        write_page(results, folder, {})
        return
    text = TextRecipe(tokenizer=BertTokenizer(vocabulary=folder / "vocab.txt"), length=settings.length)
    draw(results, folder, source(World(folder / "world"), "train"), text)


def draw(results: Results, folder: Path, data: Source, text: TextRecipe) -> None:
    """Writes what `show` does, of any data.

    Args:
        results: What was measured.
        folder: The experiment's.
        data: Images with captions.
        text: How captions are tokenized.
    """
    plain, variants = draw_variants(data, rows=_PAIRS, size=_SIDE, text=text)
    batches = {"image i": plain, "image j": plain, **variants}
    pixels = {name: unnormalize(batch.images, None) for name, batch in batches.items()}
    rows = [
        [
            Shown(pixels[name][at], _words(name, batch.captions or [], at, float(batch.plan.lams[row])))
            for name, batch in batches.items()
            for at in [row + _PAIRS if name == "image j" else row]
        ]
        for row in range(_PAIRS)
    ]
    titles = [name if name.startswith("image") or name == "default" else f"variant {name}" for name in batches]
    drawn = sheet_png(rows, titles=titles)
    with new_file(folder / "variants.png") as partial:
        partial.write_bytes(drawn)
    write_mixgen_page(data, folder / "variants.html", rows=_PAIRS, size=_SIDE, text=text)
    write_page(results, folder, {"pairs, and what each variant makes of them": drawn})


def _words(name: str, captions: list[str], row: int, lam: float) -> str:
    return captions[row] if name.startswith("image") else f"λ {lam:.2f}\n{captions[row]}"
