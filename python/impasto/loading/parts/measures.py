"""What samples are alike by, known without loading them: the length of a caption, the aspect ratio of an image."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from impasto import _core
from impasto.checks import require
from impasto.errors import RecipeError
from impasto.loading.parts.rows import rows_of
from impasto.recipe import Recipe
from impasto.sources import GatheredSource, IndexedSource, Part, Source

_REMEDY = "give group_by= a number for each row instead, as an array"


def measures_of(
    data: Source,
    recipe: Recipe,
    by: Literal["length", "aspect"],
    ids: npt.NDArray[np.int64],
    *,
    seed: int,
    epoch: int,
    threads: int,
) -> npt.NDArray[np.float64]:
    """How long samples' captions are, or how wide their images.

    Args:
        data: The data set.
        recipe: What is done to the samples.
        by: ``"length"``: tokens of the caption that is drawn in the epoch, or bytes where the tokenizer doesn't run in
            Rust; 0 where there is none. ``"aspect"``: the logarithm of width over height, of the image as the recipe
            turns it, NaN where its header says neither.
        ids: The samples, int64 [N].
        seed: Key of what is drawn for them.
        epoch: The epoch.
        threads: Native threads.

    Raises:
        RecipeError: If it can't be known without reading what a row lies in; the message says what can be done.
    """
    found = np.empty(len(ids), np.float64)
    for part in data.parts(rows_of(data, ids)):
        own = ids[part.places]
        if by == "length":
            found[part.places] = _lengths(part, recipe, own, seed=seed, epoch=epoch, threads=threads)
        else:
            found[part.places] = _aspects(part, recipe, threads)
    return found


def _lengths(
    part: Part, recipe: Recipe, ids: npt.NDArray[np.int64], *, seed: int, epoch: int, threads: int
) -> npt.NDArray[np.float64]:
    text, data = recipe.text, part.source
    if text is None or text.captions == "all":
        raise RecipeError("group_by='length' needs one caption a sample: a TextRecipe without captions='all'")
    if isinstance(data, IndexedSource):
        require(not data.copies, f"group_by='length': the captions of {data!r} lie far away; {_REMEDY}")
        index, rows = data.index, part.rows
    elif isinstance(data, GatheredSource) and type(data).gather_texts is not GatheredSource.gather_texts:
        index, rows = data.gather_texts(part.rows), np.arange(len(part.rows), dtype=np.int64)
    else:
        raise RecipeError(f"group_by='length': {data!r} gives captions with their images alone; {_REMEDY}")
    rewrites: tuple[_core.Index, npt.NDArray[np.int64], float | None] | None = None
    if part.rewrites is not None:
        rewrites = (part.rewrites.captions, part.rewrites.rows, part.rewrites.weight)
    draw = (seed, epoch) if text.captions == "draw" else None
    lengths = recipe.counting.caption_lengths(index, rows, ids, draw, threads, rewrites)
    return lengths.astype(np.float64)


def _aspects(part: Part, recipe: Recipe, threads: int) -> npt.NDArray[np.float64]:
    data = part.source
    if not isinstance(data, IndexedSource):
        raise RecipeError(f"group_by='aspect': {data!r} has no headers of images to read alone; {_REMEDY}")
    require(not data.copies, f"group_by='aspect': the images of {data!r} lie far away; {_REMEDY}")
    sides = recipe.native.image_sizes(data.index, part.rows, threads).astype(np.float64)
    sides[(sides == 0).any(axis=1)] = np.nan
    aspects: npt.NDArray[np.float64] = np.log(sides[:, 0] / sides[:, 1])
    return aspects
