"""Why images are found less often than captions: what each reason is worth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from impasto.streams import stream
from impasto_lab.metrics import retrieval

#: Halves of the images that a mean is taken over.
_HALVES = 8


def found_first(
    scores: npt.NDArray[np.floating],
    owners: npt.NDArray[np.integer],
    fitting: npt.NDArray[np.bool_] | None = None,
    *,
    seed: int = 0,
) -> dict[str, float]:
    """Recalls at 1, each in per cent, under the circumstances that the two directions differ in.

    An image has several captions that are right, a caption one image; there are more captions than images to choose
    from; and a caption may be true of images that it was not written for. All but the first two change one of these.

    Args:
        scores: [N, M] similarity of images and captions.
        owners: [M] the row of each caption's image.
        fitting: [N, M] whether a caption fits an image; true for its own. None where nobody knows: then there are no
            figures of what fits.
        seed: Of the halves.

    Returns:
        ``TR@1`` and ``IR@1``; ``TR@1, one caption`` where each image has one of its captions alone, as many candidates
        as images and one of them right; ``IR@1, half the images``; ``IR@1, fitting counts`` where the first image
        needs to fit the caption and not be its own; ``first fits``, the share of captions whose first image is another
        one and fits; ``mean rank`` of the true image, from 1, and its ``mean reciprocal rank`` in per cent.

    Raises:
        RecipeError: If shapes don't fit.
    """
    all_found = retrieval(scores, owners)
    draw = stream(seed, "half of the images")
    halves = [np.sort(draw.permutation(len(scores))[: max(len(scores) // 2, 1)]) for _ in range(_HALVES)]
    return {
        "TR@1": all_found.text[0],
        "IR@1": all_found.image[0],
        "TR@1, one caption": float(np.mean([_of_some(scores, owners, one)[0] for one in _one_each(owners)])),
        "IR@1, half the images": float(np.mean([_among(scores, owners, half) for half in halves])),
        **({} if fitting is None else _fits(scores, owners, fitting, all_found.image_ranks == 0)),
        "mean rank": 1 + float(all_found.image_ranks.mean()),
        "mean reciprocal rank": 100 * float((1 / (1 + all_found.image_ranks)).mean()),
    }


def _fits(
    scores: npt.NDArray[np.floating],
    owners: npt.NDArray[np.integer],
    fitting: npt.NDArray[np.bool_],
    right: npt.NDArray[np.bool_],
) -> dict[str, float]:
    first = scores.argmax(axis=0)
    fits_first = fitting[first, np.arange(len(owners))]
    return {
        "IR@1, fitting counts": 100 * float((right | fits_first).mean()),
        "first fits": 100 * float((~right & fits_first & (first != owners)).mean()),
    }


def _one_each(owners: npt.NDArray[np.integer]) -> list[npt.NDArray[np.int64]]:
    """Columns of one caption an image: all the first ones, all the second ones, as far as every image has one."""
    of_image = [np.flatnonzero(owners == row) for row in range(int(owners.max()) + 1)]
    return [np.array([own[place] for own in of_image]) for place in range(min(map(len, of_image)))]


def _of_some(
    scores: npt.NDArray[np.floating], owners: npt.NDArray[np.integer], columns: npt.NDArray[np.int64]
) -> tuple[float, float]:
    found = retrieval(scores[:, columns], owners[columns])
    return found.text[0], found.image[0]


def _among(scores: npt.NDArray[np.floating], owners: npt.NDArray[np.integer], rows: npt.NDArray[np.int64]) -> float:
    """IR@1 of some images' captions among these images alone."""
    columns = np.flatnonzero(np.isin(owners, rows))
    return retrieval(scores[np.ix_(rows, columns)], np.searchsorted(rows, owners[columns])).image[0]
