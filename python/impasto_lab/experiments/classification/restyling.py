"""Copies of images in other styles, made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch

from impasto.batch import BatchId
from impasto.checks import require
from impasto.ops import resize
from impasto.progress import Progress
from impasto.sources import Source
from impasto.style import StyleRandomizer
from impasto_lab.experiments.decoding import decoded

#: Images restyled at a time.
_AT_ONCE = 50
Pixels = npt.NDArray[np.uint8]


def restyled(
    source: Source,
    stylize: StyleRandomizer,
    *,
    copies: int,
    device: torch.device,
    styles: Callable[[int, int], Pixels] | None = None,
    side: int | None = None,
    progress: Progress,
) -> Iterator[Pixels]:
    """Restyles all images of a source, some times over.

    Args:
        source: The images.
        stylize: Draws a style for each.
        copies: How often; all first copies come first.
        device: Where `stylize` is.
        styles: Gives the image whose style is taken, of a copy and a row, instead of a random style.
        side: Height and width that images are brought to; by default they have one size.
        progress: Called after each part.

    Yields:
        [H, W, 3] uint8 each.
    """
    for copy in range(copies):
        for first in range(0, len(source), _AT_ONCE):
            rows = range(first, min(first + _AT_ONCE, len(source)))
            id, images = (
                BatchId(epoch=copy, step=first),
                _tensor([pixels(source, row, side) for row in rows]).to(device),
            )
            if styles is None:
                painted = stylize(images, id=id)
            else:
                painted = stylize(images, id=id, styles=_tensor([styles(copy, row) for row in rows]).to(device))
            yield from painted.permute(0, 2, 3, 1).cpu().contiguous().numpy()
            progress(copy * len(source) + rows.stop, copies * len(source))


def pixels(source: Source, row: int, side: int | None = None) -> Pixels:
    """A row's image, [H, W, 3] uint8, or [side, side, 3]."""
    image = decoded(source, row)
    return image if side is None else resize(image, side)


def labels(source: Source) -> list[int]:
    """The label of each row.

    Raises:
        RecipeError: If one has none.
    """
    found = []
    for row in range(len(source)):
        index, at = source.find(row)
        label = index.label(at)
        require(label is not None, f"row {row} has no label")
        found.append(int(label or 0))
    return found


def _tensor(images: Sequence[Pixels]) -> torch.Tensor:
    """[B, 3, H, W] uint8."""
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()
