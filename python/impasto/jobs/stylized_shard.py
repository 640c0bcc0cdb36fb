"""One tar shard of stylized copies: a pure function of data set, model, settings and the shard's number."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import repeat
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from impasto import ops
from impasto.checks import choice, is_count, require
from impasto.errors import ImpastoError, RecipeError, SourceError
from impasto.extras import need
from impasto.files import new_file
from impasto.jobs.shards import add_sample, open_shard
from impasto.ops import Image
from impasto.recipe import ImageRecipe
from impasto.sources import GatheredSource, IndexedSource, Source
from impasto.style import Alpha, Ratio, StylePlan, StyleRandomizer, check_alpha, share

#: So many images are held at a time; those of one size among them can run through the networks together.
_WINDOW = 64


@dataclass(frozen=True, kw_only=True)
class StylizeSettings:
    """What is written: everything that the bytes of the shards depend on beside data set and model.

    Args:
        copies: Stylized copies of every image.
        alpha: Strength, as in `StyleRandomizer`.
        ratio: Unaugmented to augmented copies, as in `StyleRandomizer`; the unaugmented are the images as they are.
        seed: Key of all draws. A copy's style depends on the seed, the sample's key and the copy's number alone.
        keep_original: Whether the images themselves come along, as copy 0.
        size: Images whose longer side is over this are scaled down to it first; None leaves all as they are.
        format: ``"jpg"`` or ``"png"``.
        quality: JPEG's, from 1 to 100.
        shard_size: Images in one shard.
        batch_size: Images of one size that run through the networks together, at most 64. Floating point adds up
            differently in other batches, which the last bit of a pixel may show: so it is a setting.
        on_error: ``"raise"``, or ``"skip"`` images that can't be used; they are written down.
        prefix: What the shards' names begin with.

    Raises:
        RecipeError: If a value makes no sense.
    """

    copies: int = 1
    alpha: Alpha = 0.5
    ratio: Ratio = "0:1"
    seed: int = 0
    keep_original: bool = False
    size: int | None = None
    format: Literal["jpg", "png"] = "jpg"
    quality: int = 95
    shard_size: int = 1000
    batch_size: int = 1
    on_error: Literal["raise", "skip"] = "raise"
    prefix: str = "stylized"

    def __post_init__(self) -> None:
        check_alpha(self.alpha)
        share(self.ratio)
        choice("format", self.format, ("jpg", "png"))
        choice("on_error", self.on_error, ("raise", "skip"))
        for name, low, high in (
            ("copies", 1, 10_000),
            ("seed", 0, 2**63 - 1),
            ("quality", 1, 100),
            ("shard_size", 1, 10_000_000),
            ("batch_size", 1, _WINDOW),
        ):
            value = getattr(self, name)
            require(is_count(value) and low <= value <= high, f"{name}={value!r} must be a whole number {low}..{high}")
        require(self.size is None or (is_count(self.size) and self.size > 0), f"size={self.size!r} must be positive")
        good = self.prefix != "" and not set(self.prefix) & set("./\\")
        require(good, f"prefix={self.prefix!r} must be a name without dots and slashes")

    def shards(self, rows: int) -> int:
        """How many shards a data set of so many rows gives."""
        return -(-rows * (self.copies + self.keep_original) // self.shard_size)

    def items(self, rows: int, number: int) -> list[tuple[int, int]]:
        """Row and copy of each image of a shard: all rows' first copies, then all rows' second, and on."""
        first = 0 if self.keep_original else 1
        last = rows * (self.copies + self.keep_original)
        places = range(number * self.shard_size, min((number + 1) * self.shard_size, last))
        return [(place % rows, place // rows + first) for place in places]

    def path(self, folder: Path, number: int) -> Path:
        """Where a shard lies."""
        return folder / f"{self.prefix}-{number:05d}.tar"


@dataclass
class ShardReport:
    """What is in a shard.

    Attributes:
        images: How many.
        stylized: How many of them are not as they were.
        bad: What could not be used: ``key``, ``row``, ``copy``, ``path``, ``error`` and ``reason`` of each.
    """

    images: int = 0
    stylized: int = 0
    bad: list[dict[str, Any]] = field(default_factory=list)


@dataclass(eq=False)
class _Item:
    row: int
    copy: int
    key: str
    path: str
    captions: list[str]
    label: int | None
    data: bytes
    pixels: Image
    scaled: bool
    plan: StylePlan | None = None
    style_seed: int | None = None


def stylize_shard(
    source: Source, folder: str | Path, randomizer: StyleRandomizer, settings: StylizeSettings, number: int
) -> ShardReport:
    """Writes one shard, ``{prefix}-00000.tar`` with the shard's number, and its report beside it.

    Samples have the members ``.jpg`` (or ``.png``), ``.txt`` (the first caption), ``.cls`` (the label) and ``.json``:
    the source's ``key``, ``caption``, ``captions``, ``label``, ``copy``, ``stylized``, ``alpha``, ``style_seed``,
    ``width`` and ``height``. `draw_style` draws the same style again from the seed. Images that are neither stylized
    nor scaled keep their bytes.

    The shard appears when it is complete. Any process or machine may write any shard, in any order.

    Args:
        source: The data set.
        folder: Where the shard goes; it must exist.
        randomizer: Stylizes, on its own device. Its alpha, ratio and seed have no say; the settings' have.
        settings: What is written.
        number: Which shard, from 0.

    Returns:
        The report.

    Raises:
        ImpastoError: Of the kind that fits the first image that can't be used, under ``on_error="raise"``.
        SourceError: If the shard can't be written.
        MissingExtraError: If Pillow is not installed.
    """
    path = settings.path(Path(folder), number)
    report = ShardReport()
    items = settings.items(len(source), number)
    threads = max(1, min(4, torch.get_num_threads()))
    try:
        with new_file(path) as partial:
            with open_shard(partial) as shard, ThreadPoolExecutor(threads) as pool:
                for start in range(0, len(items), _WINDOW):
                    read = _readable(source, items[start : start + _WINDOW], settings, pool, report)
                    kept = _paint(read, randomizer, settings, report)
                    encoded = pool.map(_encode, kept, repeat(settings))
                    for item, (ending, content) in zip(kept, encoded, strict=True):
                        add_sample(shard, f"{item.row:08d}_{item.copy:02d}", _members(item, ending, content))
                        report.images += 1
                        report.stylized += item.plan is not None
            report.bad.sort(key=lambda entry: (entry["copy"], entry["row"]))
            stats = report_path(path)
            stats.write_text(json.dumps(asdict(report), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        if isinstance(error, ImpastoError):
            raise
        raise SourceError(f"the shard can't be written: {error}; check the folder", path=str(path)) from error
    return report


def report_path(shard: Path) -> Path:
    """Where the report of a shard lies."""
    return shard.with_name(f"{shard.stem}_stats.json")


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


def fit(pixels: Image, size: int | None) -> Image:
    """Scales an image down until its longer side is at most so long.

    Args:
        pixels: [H, W, 3] uint8.
        size: In pixels; None leaves it as it is.
    """
    height, width = pixels.shape[:2]
    if size is None or max(height, width) <= size:
        return pixels
    scale = size / max(height, width)
    return ops.resize(pixels, (max(round(height * scale), 1), max(round(width * scale), 1)))


def encode_image(pixels: Image, format: str, quality: int) -> bytes:
    """The bytes of an image file.

    Args:
        pixels: [H, W, 3] uint8.
        format: ``"jpg"``, ``"png"`` or ``"webp"``.
        quality: JPEG's and WebP's, from 1 to 100.

    Raises:
        MissingExtraError: If Pillow is not installed.
    """
    pillow: Any = need("PIL.Image", extra="style")
    file = io.BytesIO()
    options = {} if format == "png" else {"quality": quality}
    kinds = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}
    pillow.fromarray(np.ascontiguousarray(pixels)).save(file, kinds[format], **options)
    return file.getvalue()


def _readable(
    source: Source,
    items: Sequence[tuple[int, int]],
    settings: StylizeSettings,
    pool: ThreadPoolExecutor,
    report: ShardReport,
) -> list[_Item]:
    """The items that can be read, in order; the others are noted or raised."""

    def attempt(item: tuple[int, int]) -> _Item | ImpastoError:
        try:
            return _read(source, *item, settings)
        except ImpastoError as error:
            return error

    good = []
    for (row, copy), found in zip(items, pool.map(attempt, items), strict=True):
        if isinstance(found, _Item):
            good.append(found)
        else:
            _refuse(found, row, copy, settings, report)
    return good


def _read(source: Source, row: int, copy: int, settings: StylizeSettings) -> _Item:
    key = path = None
    try:
        key = source.key(row)
        if isinstance(source, IndexedSource):
            index, place = source.index, row
        elif isinstance(source, GatheredSource):
            index, place = source.gather([row]), 0
        else:
            raise RecipeError(f"source={source!r} is no source; see impasto.sources")
        path = index.path(place)
        data = index.image(place, ImageRecipe.max_bytes)
        pixels = ops.decode(data)
        small = fit(pixels, settings.size)
        return _Item(
            row, copy, key, path, index.captions(place), index.label(place), data, small, small.shape != pixels.shape
        )
    except ImpastoError as error:
        raise located(error, key, path) from error


def located(error: ImpastoError, key: str | None, path: str | None) -> ImpastoError:
    """The same error, naming the sample and the file where it names none."""
    return type(error)(error.reason, key=error.key or key, path=error.path or path)


def _refuse(error: ImpastoError, row: int, copy: int, settings: StylizeSettings, report: ShardReport) -> None:
    if settings.on_error == "raise":
        raise error
    kind = type(error).__name__
    entry = {"key": error.key, "row": row, "copy": copy, "path": error.path, "error": kind, "reason": error.reason}
    report.bad.append(entry)


def _paint(
    items: list[_Item], randomizer: StyleRandomizer, settings: StylizeSettings, report: ShardReport
) -> list[_Item]:
    """Stylizes what is to be; the items, in order, without those that can't be."""
    device = randomizer.model.content_mean.device
    for item in items:
        drawn = draw_style(randomizer, settings, item.key, item.copy)
        if drawn is not None:
            item.plan, item.style_seed = drawn
    refused = set()
    for group in _groups([item for item in items if item.plan is not None], settings.batch_size):
        images = torch.stack([torch.from_numpy(item.pixels.transpose(2, 0, 1).copy()) for item in group])
        plans = [item.plan for item in group if item.plan is not None]
        embeddings, alphas = (
            torch.cat(parts) for parts in zip(*((p.embeddings, p.alphas) for p in plans), strict=True)
        )
        plan = StylePlan(len(group), torch.arange(len(group)), embeddings, alphas)
        try:
            with torch.inference_mode():
                painted = randomizer(images.to(device), plan).cpu().numpy()
        except RecipeError as error:  # all of the group have one size, which is too small
            for item in group:
                _refuse(located(error, item.key, item.path), item.row, item.copy, settings, report)
                refused.add((item.row, item.copy))
            continue
        for item, pixels in zip(group, painted, strict=True):
            item.pixels = pixels.transpose(1, 2, 0)
    return [item for item in items if (item.row, item.copy) not in refused]


def _groups(items: list[_Item], size: int) -> Iterator[list[_Item]]:
    by_shape: dict[tuple[int, ...], list[_Item]] = {}
    for item in items:
        by_shape.setdefault(item.pixels.shape, []).append(item)
    for alike in by_shape.values():
        yield from (alike[start : start + size] for start in range(0, len(alike), size))


def _encode(item: _Item, settings: StylizeSettings) -> tuple[str, bytes]:
    """The ending and the bytes of an image's file."""
    if item.plan is None and not item.scaled:
        return {"jpeg": "jpg"}.get(kind := ops.probe(item.data).format, kind), item.data
    return settings.format, encode_image(item.pixels, settings.format, settings.quality)


def _members(item: _Item, ending: str, content: bytes) -> dict[str, bytes]:
    height, width = item.pixels.shape[:2]
    record = {
        "key": item.key,
        "caption": item.captions[0] if item.captions else None,
        "captions": item.captions,
        "label": item.label,
        "copy": item.copy,
        "stylized": item.plan is not None,
        "alpha": None if item.plan is None else float(item.plan.alphas[0]),
        "style_seed": item.style_seed,
        "width": width,
        "height": height,
    }
    members = {ending: content}
    if item.captions:
        members["txt"] = item.captions[0].encode()
    if item.label is not None:
        members["cls"] = str(item.label).encode()
    return members | {"json": json.dumps(record, ensure_ascii=False).encode()}
