"""What an image looks like, in 64 bits: pictures that look alike have hashes that differ in few."""

import numpy as np
import numpy.typing as npt

from impasto.checks import flag
from impasto.ops.images import Image, check_image, resize

#: Side of what is transformed, in pixels.
_SIDE = 32
#: So many of its frequencies are told, down and across: the lowest.
_LOW = 8
_ANGLES = np.outer(np.arange(_LOW), 2 * np.arange(_SIDE) + 1) * (np.pi / (2 * _SIDE))
#: The lowest rows of the cosine transform (DCT-II) of so many points.
_COSINES = 2 * np.cos(_ANGLES)
#: Frequencies across that are odd: they change their sign in a mirror.
_ODD = np.where(np.arange(_LOW) % 2, -1.0, 1.0)


def perceptual_hash(image: Image, *, mirrored: bool = False) -> int:
    """Hashes what an image looks like: recompressed, resized or brightened, it keeps almost all of its 64 bits.

    It is pHash in the form that ImageHash has made common: luma at 32 x 32 pixels, its cosine transform, and of each of
    the 8 x 8 lowest frequencies whether it is above their median, the mean of the image first, which is the highest
    bit. ``int(str(imagehash.phash(picture)), 16)`` is the same number up to a few bits, as another filter scales.
    Unrelated pictures differ in about 32 bits; what is nearly flat has no hash to speak of.

    Args:
        image: [H, W, 3] uint8.
        mirrored: Whether it is looked at in a mirror, left to right.

    Returns:
        The hash, from 0 to 2**64 - 1; ``(a ^ b).bit_count()`` says in how many bits two differ.

    Raises:
        RecipeError: If the image is not so.

    Examples:
        >>> slope = np.broadcast_to(np.arange(96, dtype=np.uint8)[:, None, None] * 2, (96, 80, 3)).copy()
        >>> slope[20:40, 10:30] = 250
        >>> (perceptual_hash(slope) ^ perceptual_hash(slope // 2)).bit_count() < 4
        True
        >>> perceptual_hash(slope[:, ::-1]) == perceptual_hash(slope, mirrored=True)
        True
    """
    check_image(image)
    flag("mirrored", mirrored)
    small = resize(image, _SIDE)
    luma: npt.NDArray[np.float64] = np.rint(small @ np.array([0.299, 0.587, 0.114]))  # [32, 32]
    # Frequencies that an image lacks are zero, not what rounding leaves, whose sign differs from machine to machine.
    low = np.round(_COSINES @ luma @ _COSINES.T, 3)  # [8, 8]
    low = low * _ODD if mirrored else low
    bits = (low > np.median(low)).reshape(-1)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
