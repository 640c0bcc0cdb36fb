"""A page that shows what MixGen and its variants make of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from impasto.batch import Batch
from impasto.errors import RecipeError
from impasto.jobs import data_uri
from impasto.loading import Loader
from impasto.recipe import VARIANTS, ImageRecipe, MixGen, Recipe, TextRecipe
from impasto.sources import Source
from impasto_lab.report.page import write_page
from impasto_lab.report.pictures import unnormalize

_MEANINGS = {
    "default": "images mixed, captions joined",
    "a": "images mixed, captions joined, λ ~ Beta(0.1, 0.1)",
    "b": "images mixed, one of the captions",
    "c": "one of the images, captions joined",
    "d": "images mixed, λ and 1 − λ of the captions' tokens kept",
    "e": "images mixed, half of all tokens kept",
}


def write_mixgen_page(
    data: Source, path: Path, *, rows: int = 6, seed: int = 0, size: int = 224, text: TextRecipe | None = None
) -> Path:
    """Writes pairs of a data set with what each variant of the paper makes of them.

    Args:
        data: Images with captions.
        path: The HTML file.
        rows: Pairs to show.
        seed: Key of the samples, crops and draws.
        size: Side of the images, in pixels.
        text: How captions are tokenised; as CLIP does by default.

    Returns:
        The path.

    Raises:
        RecipeError: If the data set has fewer than two samples a pair.
        ImpastoError: If a sample can't be loaded, of the kind that fits.
    """
    plain, variants = draw_variants(data, rows=rows, seed=seed, size=size, text=text)
    originals = _pictures(plain)
    pairs = []
    for row in range(rows):
        partner = row + rows
        first, second = ({"image": originals[at], "caption": _caption(plain, at)} for at in (row, partner))
        made = [_made(name, variant, row) for name, variant in variants.items()]
        pairs.append({"first": first, "second": second, "made": made})
    return write_page(path, "mixgen.html", data=repr(data), seed=seed, pairs=pairs, size=size)


def draw_variants(
    data: Source, *, rows: int, seed: int = 0, size: int = 224, text: TextRecipe | None = None
) -> tuple[Batch, dict[str, Batch]]:
    """Pairs as they are, and as each variant mixes them; arguments are those of `write_mixgen_page`.

    Returns:
        A batch of ``2 * rows`` samples, row i and row i + rows a pair; and by variant the same with the first rows
        mixed. Images are not normalized.
    """
    if len(data) < 2 * rows:
        raise RecipeError(f"{rows} pairs need {2 * rows} samples, and the data set has {len(data)}; show fewer rows")
    image = ImageRecipe(size=size, scale=(0.5, 1.0), normalize=None)
    text = text if text is not None else TextRecipe()

    def batch(mix: MixGen | None) -> Batch:
        recipe = Recipe(image=image, text=text, mix=mix)
        return next(iter(Loader(data, recipe, batch_size=2 * rows, seed=seed, workers=0)))

    return batch(None), {name: batch(MixGen.variant(name, ratio=0.5, lam_per="sample")) for name in VARIANTS}


def _made(name: str, batch: Batch, row: int) -> dict[str, Any]:
    plan = batch.plan
    return {
        "name": name,
        "meaning": _MEANINGS[name],
        "image": data_uri(unnormalize(batch.images[row : row + 1], None)[0]),
        "lam": float(plan.lams[row]),
        "caption": _caption(batch, row),
        "kept": None if (kept := plan.kept[row]) is None else len(kept),
        "lost": int(batch.lost[row]) if batch.lost is not None else 0,
    }


def _pictures(batch: Batch) -> list[str]:
    return [data_uri(pixels) for pixels in np.asarray(unnormalize(batch.images, None))]


def _caption(batch: Batch, row: int) -> str:
    return batch.captions[row] if batch.captions is not None else ""
