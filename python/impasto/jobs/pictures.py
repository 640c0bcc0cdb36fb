"""One picture, from file to file: in a random style, in that of another picture, or in many beside each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from impasto import ops
from impasto.checks import require
from impasto.errors import ImpastoError, RecipeError, SourceError, located
from impasto.files import open_regular
from impasto.jobs.images import encode_image, shrink_to
from impasto.ops import Image
from impasto.progress import Progress
from impasto.style import Alpha, Features, StyleRandomizer, optimize

_FORMATS = {".jpg": "jpg", ".jpeg": "jpg", ".png": "png", ".webp": "webp"}
_GAP = 4


@dataclass(frozen=True, eq=False)
class OptimizedPicture:
    """A picture that was optimised.

    Attributes:
        pixels: [H, W, 3] uint8.
        before: The losses of the content as it was.
        losses: At every step, one size after the other, with the first of each size.
    """

    pixels: Image
    before: dict[str, float]
    losses: list[dict[str, float]]


def is_picture(path: str | Path) -> bool:
    """Whether a path is a file that begins as a JPEG, PNG or WebP does, however it ends."""
    if not Path(path).is_file():
        return False
    with open_regular(path) as file:
        head = file.read(12)
    return head.startswith((b"\xff\xd8\xff", b"\x89PNG")) or (head[:4] == b"RIFF" and head[8:] == b"WEBP")


def read_picture(path: str | Path, size: int | None = None) -> Image:
    """Reads a picture as it is meant to be seen: upright, RGB.

    Args:
        path: A JPEG, PNG or WebP; gray becomes RGB, transparency is dropped.
        size: A longer side over this is scaled down to it.

    Returns:
        [H, W, 3] uint8.

    Raises:
        DecodeError: If it can't be decoded.
        SourceError: If it can't be read.
    """
    try:
        return shrink_to(ops.decode(path, exif="apply"), size)
    except ImpastoError as error:
        raise located(error, None, str(path)) from error


def check_target(path: str | Path) -> str:
    """Sees that a picture can be written to a path, before anything is computed.

    Returns:
        The format, ``"jpg"``, ``"png"`` or ``"webp"``.

    Raises:
        RecipeError: If the ending isn't known.
        SourceError: If the folder does not exist.
    """
    ending = Path(path).suffix.lower()
    if ending not in _FORMATS:
        raise RecipeError(f"the ending {ending!r} is not known; use {', '.join(_FORMATS)}", path=str(path))
    if not Path(path).absolute().parent.is_dir():
        raise SourceError("its folder does not exist; make it first", path=str(path))
    return _FORMATS[ending]


def write_picture(pixels: Image, path: str | Path, *, quality: int = 95) -> None:
    """Writes a picture in the format of the path's ending, over what was there.

    Args:
        pixels: [H, W, 3] uint8.
        path: Ends in ``.jpg``, ``.jpeg``, ``.png`` or ``.webp``.
        quality: JPEG's and WebP's, from 1 to 100.

    Raises:
        RecipeError: If the ending isn't known.
        SourceError: If it can't be written.
        MissingExtraError: If Pillow is not installed.
    """
    content = encode_image(pixels, check_target(path), quality)
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise SourceError(f"it can't be written: {error.strerror}", path=str(path)) from error


def stylize_picture(
    pixels: Image, randomizer: StyleRandomizer, *, alpha: Alpha, seed: int, style: Image | None = None
) -> Image:
    """Stylizes a picture.

    Args:
        pixels: [H, W, 3] uint8.
        randomizer: Stylizes, on its own device.
        alpha: Strength, as in `StyleRandomizer`.
        seed: Of the random style, and of alpha if that is drawn.
        style: [h, w, 3] uint8: a picture whose style is taken instead of a random one.

    Returns:
        [H, W, 3] uint8.

    Raises:
        RecipeError: If a picture is too small, or alpha makes no sense.
        DeviceMemoryError: If a GPU's memory is full.
    """
    device = randomizer.model.content_mean.device
    generator = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        given = None if style is None else _tensor(style).to(device)
        plan = randomizer.draw(1, rows=[0], alpha=alpha, styles=given, generator=generator)
        return _pixels(randomizer(_tensor(pixels).to(device), plan))


def style_sheet(
    pixels: Image,
    randomizer: StyleRandomizer,
    *,
    side: int,
    alpha: Alpha,
    seed: int,
    style: Image | None = None,
    progress: Progress | None = None,
) -> Image:
    """A sheet of side x side pictures: the original, then as many random styles as there is room for.

    Args:
        pixels: [H, W, 3] uint8.
        randomizer: Stylizes, on its own device.
        side: Pictures in a row, and rows; at least 2.
        alpha: Strength, as in `StyleRandomizer`; with a style picture it goes from 0 to 1 over the sheet instead.
        seed: Of the first random style; the others count up from it, so that `stylize_picture` gives each alone.
        style: [h, w, 3] uint8: a picture whose style is taken instead of random ones.
        progress: Called after every picture.

    Returns:
        [H', W', 3] uint8.

    Raises:
        RecipeError: If a picture is too small, or a value makes no sense.
    """
    require(side >= 2, f"a sheet needs at least 2x2 pictures, not {side}x{side}")
    count = side * side - 1
    cells = [pixels]
    for number in range(count):
        strength = alpha if style is None else number / (count - 1)
        cells.append(stylize_picture(pixels, randomizer, alpha=strength, seed=seed + number, style=style))
        if progress is not None:
            progress(number + 1, count)
    return sheet(cells, side)


def optimize_picture(
    pixels: Image,
    style: Image,
    features: Features,
    *,
    seed: int,
    device: torch.device,
    on_picture: Callable[[int, Image], None] | None = None,
    every: int | None = None,
    progress: Progress | None = None,
    steps: int = 200,
    coarsest: int = 160,
    **options: Any,
) -> OptimizedPicture:
    """Optimises a picture's pixels, from coarse to fine; see `impasto.style.transfer.optimizing.optimize`.

    A picture over 160 pixels is optimised at half its size first, and what comes of it is where the full size begins
    (Gatys et al. 2017, "Controlling perceptual factors in neural style transfer"); large areas else keep their colours
    while edges turn to noise.

    Args:
        pixels: [H, W, 3] uint8, the content.
        style: [h, w, 3] uint8.
        features: Where pictures are compared; moved to the device.
        seed: Of noise that the picture may begin as.
        device: Where to compute.
        on_picture: Given the step and the picture [H', W', 3] uint8, of the size that is worked at, every some steps.
        every: How many.
        progress: Called after every step.
        steps: How many steps there are, for all sizes together.
        coarsest: The longer side that is not halved.
        **options: The rest of `optimize`'s.

    Returns:
        The picture, and its losses.

    Raises:
        RecipeError: If a picture is too small, or an option makes no sense.
        DivergedError: If the loss is no longer a number.
    """
    sizes = [max(pixels.shape[:2])]
    while sizes[0] > coarsest and len(sizes) < steps:
        sizes.insert(0, (sizes[0] + 1) // 2)
    features = features.to(device)
    generator = torch.Generator().manual_seed(seed)
    started, start = 0, None
    result: Tensor = torch.empty(0)
    losses: list[dict[str, float]] = []
    for number, size in enumerate(sizes):
        level = steps // len(sizes) + (number < steps % len(sizes))

        def on_step(step: int, image: Tensor, terms: dict[str, float], first: int = started) -> None:
            losses.append(terms)
            if progress is not None:
                progress(first + step, steps)
            if on_picture is not None and every and step and (first + step) % every == 0:
                on_picture(first + step, _rounded(image))

        scale = size / sizes[-1]
        content = _unit(shrink_to(pixels, size)).to(device)
        painting = _unit(shrink_to(style, max(round(max(style.shape[:2]) * scale), 1))).to(device)
        if start is not None:
            start = functional.interpolate(start, content.shape[2:], mode="bicubic", align_corners=False).clamp(0, 1)
        given: dict[str, Any] = {"features": features, "generator": generator, **options}
        result = start = optimize(content, painting, steps=level, start=start, on_step=on_step, **given).image
        started += level
    before = optimize(content, painting, steps=0, start=content, **given).losses[0]
    return OptimizedPicture(_rounded(result), before, losses)


def sheet(cells: Sequence[Image], columns: int) -> Image:
    """Pictures of one size in rows, with white between them.

    Args:
        cells: [H, W, 3] uint8 each.
        columns: How many in a row.

    Returns:
        [H', W', 3] uint8.
    """
    height, width = cells[0].shape[:2]
    rows = -(-len(cells) // columns)
    page = np.full((rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3), 255, np.uint8)
    for number, cell in enumerate(cells):
        top, left = number // columns * (height + _GAP), number % columns * (width + _GAP)
        page[top : top + height, left : left + width] = cell
    return page


def _tensor(pixels: Image) -> Tensor:
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None]


def _unit(pixels: Image) -> Tensor:
    return _tensor(pixels).to(torch.float32) / 255


def _rounded(images: Tensor) -> Image:
    return _pixels((images * 255).round().to(torch.uint8))


def _pixels(images: Tensor) -> Image:
    pixels: Image = images[0].permute(1, 2, 0).contiguous().cpu().numpy()
    return pixels
