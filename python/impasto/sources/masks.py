"""Masks and maps of labels, drawn when they are asked for: what a data set keeps of them is small."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto.errors import ImpastoError, SourceError
from impasto.extras import need

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What a map of labels says of pixels that count for nothing: crowds, and the rims of things.
VOID = 255


@dataclass(frozen=True, eq=False)
class Masks:
    """The masks of an image's things, as COCO has them: polygons, or run lengths, compressed or not.

    Attributes:
        segmentations: N of them, each a list of polygons ``[x0, y0, x1, y1, ...]`` or ``{"size": [H, W], "counts"}``;
            None for a thing without one, whose mask is empty.
        height: The image's, in pixels.
        width: Likewise.
        path: The file that holds them, for messages.
    """

    segmentations: Sequence[Any]
    height: int
    width: int
    path: str = "memory"

    def __len__(self) -> int:
        return len(self.segmentations)

    def pixels(self) -> "NDArray[np.bool_]":
        """The masks, as pycocotools draws them.

        Returns:
            [N, H, W] bool.

        Raises:
            SourceError: One can't be drawn, or is of another size than the image.
            MissingExtraError: There are polygons, and pycocotools is not installed.
        """
        masks = np.zeros((len(self), self.height, self.width), np.bool_)
        for number, one in enumerate(self.segmentations):
            if one is not None and len(one):
                masks[number] = self._draw(number, one)
        return masks

    def _draw(self, number: int, one: Any) -> "NDArray[np.bool_]":
        try:
            if isinstance(one, dict):
                return _filled(one, self.height, self.width)
            draw = need("pycocotools.mask", "boxes")
            parts = draw.frPyObjects([list(map(float, part)) for part in one], self.height, self.width)
            return _filled(draw.merge(parts), self.height, self.width)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            reason = f"segmentation {number} can't be drawn: {error}; repair it"
            raise SourceError(reason, path=self.path) from error


def _filled(one: dict[str, Any], height: int, width: int) -> "NDArray[np.bool_]":
    """The mask of run lengths, which go down column by column and begin outside.

    pycocotools trusts what it is given; here runs that don't fill the image are an error.
    """
    if list(one["size"]) != [height, width]:
        raise ValueError(f"it is of {one['size']} pixels, the image of {[height, width]}")
    counts = one["counts"]
    runs = np.array(_lengths(counts) if isinstance(counts, (str, bytes)) else counts, np.int64)
    if runs.ndim != 1 or runs.min(initial=0) < 0 or runs.sum() != height * width:
        raise ValueError(f"its runs don't fill {height} x {width} pixels")
    inside = np.arange(len(runs)) % 2 == 1
    return np.repeat(inside, runs).reshape(width, height).T


def _lengths(counts: str | bytes) -> list[int]:
    """Run lengths from COCO's text: five bits a letter, and from the fourth on differences to the one before last."""
    letters = counts.encode("ascii") if isinstance(counts, str) else counts
    lengths: list[int] = []
    value = shift = 0
    for letter in letters:
        bits = letter - 48
        if not 0 <= bits < 64:
            raise ValueError(f"{chr(letter)!r} is no letter of run lengths")
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
        value = shift = 0
    if shift:
        raise ValueError("its text ends within a number")
    return lengths


@dataclass(frozen=True, eq=False)
class ThingsMap:
    """What class each pixel is of, from an image's masks: where two meet, the smaller lies above.

    Attributes:
        masks: Of N things.
        categories: [N] int64.
        crowd: [N] bool: whose pixels are `VOID`.
    """

    masks: Masks
    categories: "NDArray[np.int64]"
    crowd: "NDArray[np.bool_]"

    def pixels(self) -> "NDArray[np.uint8]":
        """The map.

        Returns:
            [H, W] uint8: 0 for the ground, a category's number and 1 for a thing, `VOID` for crowds.

        Raises:
            SourceError: A mask can't be drawn, or there are more than 254 classes.
            MissingExtraError: pycocotools is not installed.
        """
        if self.categories.max(initial=0) >= VOID - 1:
            reason = "a map has room for 254 classes; draw the masks (facts['masks']) yourself"
            raise SourceError(reason, path=self.masks.path)
        masks = self.masks.pixels()
        drawn = np.zeros(masks.shape[1:], np.uint8)
        sizes = masks.sum(axis=(1, 2))
        for number in np.lexsort((-sizes, ~self.crowd)).tolist():
            drawn[masks[number]] = VOID if self.crowd[number] else self.categories[number] + 1
        return drawn


@dataclass(frozen=True, eq=False)
class PngMap:
    """A map that lies in a PNG of palette or gray, as Pascal VOC keeps them.

    Attributes:
        path: The file.
    """

    path: str

    def pixels(self) -> "NDArray[np.uint8]":
        """The map.

        Returns:
            [H, W] uint8: the places in the palette.

        Raises:
            SourceError: The file is missing, damaged, or no such PNG.
            MissingExtraError: Pillow is not installed.
        """
        images = need("PIL.Image", "boxes")
        try:
            with images.open(self.path) as image:
                mode, drawn = image.mode, np.asarray(image)
        except (OSError, SyntaxError, ValueError, images.DecompressionBombError) as error:
            if isinstance(error, ImpastoError):
                raise
            raise SourceError(f"the map can't be read: {error}; unpack it again", path=self.path) from error
        if mode not in ("P", "L"):
            reason = f"a map has one number a pixel, this image is {mode}; save it with a palette"
            raise SourceError(reason, path=self.path)
        labels: NDArray[np.uint8] = drawn
        return labels
