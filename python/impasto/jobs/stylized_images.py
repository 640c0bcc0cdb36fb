"""Images on their way from a data set to stylized copies: read, drawn for, painted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import torch

from impasto import ops
from impasto.errors import ImpastoError, RecipeError, located
from impasto.jobs.images import shrink_to
from impasto.jobs.rows import Row, read_row
from impasto.jobs.stylize_settings import StylizeSettings
from impasto.ops import Image
from impasto.sources import Source
from impasto.style import StylePlan, StyleRandomizer, share


@dataclass(eq=False)
class Item:
    """One copy of one image.

    Attributes:
        row: Of the data set, as it was.
        copy: 0 is the image itself.
        pixels: [H, W, 3] uint8, as they are to be written.
        scaled: Whether they are fewer than the file's.
        plan: The style; None leaves the image as it is.
        style_seed: What the plan was drawn by.
    """

    row: Row
    copy: int
    pixels: Image
    scaled: bool
    plan: StylePlan | None = None
    style_seed: int | None = None


#: Given an error that names a sample, its row and the copy: raises it, or notes it.
Refuse = Callable[[ImpastoError, int, int], None]


def draw_style(
    randomizer: StyleRandomizer, settings: StylizeSettings, key: str, copy: int
) -> tuple[StylePlan, int] | None:
    """Draws a copy's style from a stream of its own.

    Args:
        randomizer: Whose distribution is drawn from.
        settings: The seed, alpha and ratio.
        key: The sample's.
        copy: The copy's number; 0 is the image itself.

    Returns:
        The plan of this one image, and the seed that `torch.Generator` gives it by; None if it stays as it is.
    """
    digest = hashlib.sha256(repr((settings.seed, key, copy)).encode()).digest()
    chosen = int.from_bytes(digest[8:16], "little") / 2**64 < share(settings.ratio)
    if copy == 0 or not chosen:
        return None
    seed = int.from_bytes(digest[:8], "little") >> 2
    generator = torch.Generator().manual_seed(seed)
    return randomizer.draw(1, rows=[0], alpha=settings.alpha, generator=generator), seed


def read_items(
    source: Source, places: Sequence[tuple[int, int]], size: int | None, pool: Executor, refuse: Refuse
) -> list[Item]:
    """Reads images, each for a row and copy; in order, without those that can't be read."""

    def attempt(place: tuple[int, int]) -> Item | ImpastoError:
        try:
            return _read(source, *place, size)
        except ImpastoError as error:
            return error

    good = []
    for place, found in zip(places, pool.map(attempt, places), strict=True):
        if isinstance(found, Item):
            good.append(found)
        else:
            refuse(found, *place)
    return good


def _read(source: Source, number: int, copy: int, size: int | None) -> Item:
    row = read_row(source, number)
    try:
        pixels = ops.decode(row.data)
    except ImpastoError as error:
        raise located(error, row.key, row.path) from error
    small = shrink_to(pixels, size)
    return Item(row, copy, small, scaled=small.shape != pixels.shape)


def paint(items: list[Item], randomizer: StyleRandomizer, settings: StylizeSettings, refuse: Refuse) -> list[Item]:
    """Stylizes the items that are to be; all of them, in order, without those that can't be."""
    for item in items:
        drawn = draw_style(randomizer, settings, item.row.key, item.copy)
        if drawn is not None:
            item.plan, item.style_seed = drawn
    refused = set()
    for group in _groups([item for item in items if item.plan is not None], settings.batch_size):
        try:
            _paint_group(group, randomizer)
        except RecipeError as error:  # all of the group have one size, which is too small
            for item in group:
                refuse(located(error, item.row.key, item.row.path), item.row.number, item.copy)
                refused.add(item)
    return [item for item in items if item not in refused]


def _groups(items: list[Item], size: int) -> Iterator[list[Item]]:
    by_shape: dict[tuple[int, ...], list[Item]] = {}
    for item in items:
        by_shape.setdefault(item.pixels.shape, []).append(item)
    for alike in by_shape.values():
        yield from (alike[start : start + size] for start in range(0, len(alike), size))


def _paint_group(group: list[Item], randomizer: StyleRandomizer) -> None:
    images = torch.stack([torch.from_numpy(item.pixels.transpose(2, 0, 1).copy()) for item in group])  # [B, 3, H, W]
    plans = [item.plan for item in group if item.plan is not None]
    embeddings, alphas = (torch.cat(parts) for parts in zip(*((p.embeddings, p.alphas) for p in plans), strict=True))
    plan = StylePlan(len(group), torch.arange(len(group)), embeddings, alphas)
    with torch.inference_mode():
        painted = randomizer(images.to(randomizer.model.content_mean.device), plan).cpu().numpy()
    for item, pixels in zip(group, painted, strict=True):
        item.pixels = pixels.transpose(1, 2, 0)
