"""Reports and their pictures, mixed: what a mixture contradicts, and what is still to be seen in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter

from impasto.batch import Batch
from impasto.loading import Loader
from impasto.recipe import ImageRecipe, MixGen, Recipe, TextRecipe
from impasto.sources import Sequence as Pairs
from impasto_lab.experiments.cases.reports import SUBJECTS, Tile, contradict, misplace, tiles
from impasto_lab.experiments.cases.settings import Medical
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.worlds.formats.encode import encode_jpeg

Gray = npt.NDArray[np.floating[Any]]

#: By arm: how tiles are mixed, and whether with tiles of one picture alone.
ARMS: dict[str, tuple[MixGen, bool]] = {
    "mixgen": (MixGen(ratio=1.0, pairing="shuffle"), False),
    "one-subject": (MixGen(ratio=1.0, pairing="shuffle"), True),
    "lam-0.8": (MixGen(ratio=1.0, pairing="shuffle", lam=0.8), False),
    "cut": (MixGen(ratio=1.0, pairing="shuffle", image="cut"), False),
}
#: Pixels of a tile that detail is smaller than; and the share of its contrast below which a finding is gone.
_DETAIL, _GONE = 9, 0.25


def run_piece(piece: Piece, settings: Medical, place: Place) -> Mapping[str, float]:
    """Mixes tiles batch by batch, and looks at what comes of it.

    Returns:
        In per cent: ``"contradicted"``, joined reports that deny what they assert; ``"misplaced"``, those that put one
        finding in two places; ``"contrast kept"``, of fine detail; ``"own detail"``, of all detail in a mixture that is
        the row's own; ``"findings gone"``, findings of which less than a quarter of the contrast is left; ``"cut"``,
        joined reports that lose tokens.
    """
    mix, alone = ARMS[piece.arm]
    subjects = SUBJECTS[piece.seed % len(SUBJECTS) :][:1] if alone else SUBJECTS
    known = tiles(settings.tiles, seed=piece.seed, subjects=subjects)
    mixed, plain = (_loader(known, settings, piece.seed, how) for how in (mix, None))
    rows: list[dict[str, float]] = []
    with place.narrator.bar(f"{piece.arm}, seed {piece.seed}") as advance:
        done = 0
        while done < settings.batches:
            for one, other in zip(mixed, plain, strict=True):
                rows += _looked_at(known, one, other)
                done += 1
                advance(done, settings.batches)
                if done == settings.batches:
                    break
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: 100 * float(np.mean([row[name] for row in rows if name in row])) for name in names}


def _loader(known: Sequence[Tile], settings: Medical, seed: int, mix: MixGen | None) -> Loader:
    pairs = [(encode_jpeg(tile.pixels), tile.report) for tile in known]
    image = ImageRecipe(size=settings.side, crop="none", normalize=None)
    recipe = Recipe(image=image, text=TextRecipe(length=settings.length), mix=mix)
    return Loader(Pairs(pairs), recipe, batch_size=settings.batch_size, seed=seed, workers=0)


def _looked_at(known: Sequence[Tile], mixed: Batch, plain: Batch) -> list[dict[str, float]]:
    assert mixed.lost is not None
    tiles_of = [known[int(key)] for key in plain.keys]
    images, own = (batch.images.mean(dim=1).double().numpy() for batch in (mixed, plain))  # [B, H, W]
    rows = []
    for row, partner in enumerate(mixed.plan.partners.tolist()):
        if partner == row:
            continue
        contrast, share = detail_kept(images[row], own[row])
        found = {
            "contradicted": contradict(tiles_of[row], tiles_of[partner]),
            "misplaced": misplace(tiles_of[row], tiles_of[partner]),
            "contrast kept": contrast,
            "own detail": share,
            "cut": bool(mixed.lost[row] > 0),
        }
        boxes = [box for box in tiles_of[row].found.values() if box is not None]
        gone = [detail_kept(*(_part(one, box) for one in (images[row], own[row])))[0] < _GONE for box in boxes]
        found |= {"findings gone": float(np.mean(gone))} if gone else {}
        rows.append({name: float(value) for name, value in found.items()})
    return rows


def _part(image: Gray, box: tuple[float, float, float, float]) -> Gray:
    height, width = image.shape
    left, right = (round(share * width) for share in box[::2])
    top, bottom = (round(share * height) for share in box[1::2])
    return image[top:bottom, left:right]


def detail_kept(mixed: Gray, own: Gray) -> tuple[float, float]:
    """How much of an image's fine detail is still in a mixture.

    Args:
        mixed: [H, W].
        own: [H, W], before it was mixed.

    Returns:
        The contrast that is left of it (the slope of the mixture's detail on its own: lam where images are blended),
        and the share of the mixture's detail that it explains (their squared correlation); 0 to 1, but for chance.
    """
    one, other = (image - uniform_filter(image, _DETAIL, mode="nearest") for image in (mixed, own))
    common, power, seen = float((one * other).sum()), float((other**2).sum()), float((one**2).sum())
    if power == 0 or seen == 0:
        return 0.0, 0.0
    return common / power, common**2 / (power * seen)
