"""Posts, joined: what is lost of them, as they are and tidied."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from impasto.batch import Batch
from impasto.loading import Loader
from impasto.ops import tokenize
from impasto.recipe import ImageRecipe, MixGen, Recipe, TextRecipe
from impasto.sources import Sequence
from impasto_lab.experiments.cases.settings import Social
from impasto_lab.experiments.cases.tidying import tidy
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.worlds.formats.encode import encode_jpeg
from impasto_lab.worlds.posts import LANGUAGES, Post, draw_post

#: By arm: how captions that don't fit are dealt with, and whether posts are tidied.
ARMS: dict[str, tuple[MixGen, bool]] = {
    "raw": (MixGen(ratio=0.5), False),
    "tidied": (MixGen(ratio=0.5), True),
    "raw-fit": (MixGen(ratio=0.5, pairing="fit"), False),
    "raw-balance": (MixGen(ratio=0.5, budget="balance"), False),
    "tidied-fit": (MixGen(ratio=0.5, pairing="fit"), True),
}


def run_piece(piece: Piece, settings: Social, place: Place) -> Mapping[str, float]:
    """Joins posts batch by batch, and counts.

    Returns:
        In per cent: ``"cut"``, joined captions that lose tokens; ``"lost"``, tokens of both posts that go;
        ``"things kept"``, phrases that are still whole, of both posts; ``"things kept alone"``, of posts that are not
        joined; and by language the mean ids of a post, ``"ids, en"``.
    """
    mix, tidied = ARMS[piece.arm]
    posts = [draw_post(settings.seed, number) for number in range(settings.posts)]
    texts = [tidy(post.text) if tidied else post.text for post in posts]
    phrases = [tidy(post.phrase) if tidied else post.phrase for post in posts]
    # Nothing is asked of the pictures here.
    blank = encode_jpeg(np.full((8, 8, 3), 128, np.uint8))
    recipe = Recipe(image=ImageRecipe(size=8, crop="none"), text=TextRecipe(length=settings.length), mix=mix)
    loader = Loader(
        Sequence([(blank, text) for text in texts]), recipe, batch_size=settings.batch_size, seed=piece.seed, workers=0
    )
    said = _ids(phrases, settings.length)
    lengths = np.array([len(ids) for ids in _ids(texts, 512)])
    counts = _Counts()
    with place.narrator.bar(f"{piece.arm}, seed {piece.seed}") as advance:
        for number, batch in enumerate(loader):
            counts.add(batch, said, lengths)
            advance(number + 1, len(loader))
    return counts.shares() | _by_language(posts, lengths)


class _Counts:
    """Sums over batches."""

    def __init__(self) -> None:
        self.joined = self.cut = self.lost = self.tokens = 0
        self.kept: list[bool] = []
        self.alone: list[bool] = []

    def add(self, batch: Batch, said: list[list[int]], lengths: npt.NDArray[np.int64]) -> None:
        """Counts a batch's rows: those that are joined with another, and those that are not."""
        assert batch.lost is not None
        assert batch.input_ids is not None
        rows = [int(key) for key in batch.keys]
        for row, (partner, ids, lost) in enumerate(
            zip(batch.plan.partners.tolist(), batch.input_ids.tolist(), batch.lost.tolist(), strict=True)
        ):
            if partner == row:
                self.alone.append(holds(ids, said[rows[row]]))
                continue
            self.joined += 1
            self.cut += lost > 0
            self.lost += lost
            self.tokens += int(lengths[rows[row]] + lengths[rows[partner]])
            self.kept += [holds(ids, said[rows[at]]) for at in (row, partner)]

    def shares(self) -> dict[str, float]:
        """In per cent."""
        return {
            "cut": 100 * self.cut / self.joined,
            "lost": 100 * self.lost / self.tokens,
            "things kept": 100 * float(np.mean(self.kept)),
            "things kept alone": 100 * float(np.mean(self.alone)),
        }


def holds(ids: list[int], part: list[int]) -> bool:
    """Whether ids hold a part, one after another."""
    return any(ids[start : start + len(part)] == part for start in range(len(ids) - len(part) + 1))


def _ids(texts: list[str], length: int) -> list[list[int]]:
    """The ids of texts without those that mark start and end."""
    made = tokenize(texts, length=length)
    ends = made.attention_mask.sum(axis=1) - 1
    return [row[1:end].tolist() for row, end in zip(made.input_ids, ends.tolist(), strict=True)]


def _by_language(posts: list[Post], lengths: npt.NDArray[np.int64]) -> dict[str, float]:
    spoken = np.array([post.language for post in posts])
    return {f"ids, {one}": float(lengths[spoken == one].mean()) for one in LANGUAGES if (spoken == one).any()}
