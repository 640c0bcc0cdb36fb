"""scikit-learn's digits, with captions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL.Image

from impasto.recipe import BertTokenizer, ImageRecipe, MixGen, Recipe, TextRecipe
from impasto.sources import Sequence
from impasto.streams import stream
from impasto_lab.experiments.cases.settings import Digits
from impasto_lab.tasks.pretrain.vocabulary import own_vocabulary
from impasto_lab.worlds.formats.encode import encode_jpeg

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
#: What is said of a digit; the first is what digits are named by.
WORDINGS = ("a handwritten {}", "the digit {}", "the number {} in ink", "somebody wrote a {}", "{}")
#: Ids of a caption.
LENGTH = 24


def images(side: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """All digits in ink on white, [1797, side, side, 3] uint8, and what they are [1797]; writers come in turn."""
    from sklearn.datasets import load_digits

    known = load_digits()
    drawn = []
    for values in known.images:  # [8, 8] from 0 to 16
        gray = PIL.Image.fromarray(np.rint(255 - values / 16 * 255).astype(np.uint8))
        drawn.append(np.asarray(gray.resize((side, side), PIL.Image.Resampling.BICUBIC).convert("RGB")))
    return np.stack(drawn), known.target.astype(np.int64)


def captions(digit: int) -> list[str]:
    """Everything that is said of a digit."""
    return [wording.format(NAMES[digit]) for wording in WORDINGS]


def write_words(path: Path) -> None:
    """Writes the vocabulary of all captions, unless it is there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(own_vocabulary([text for digit in range(10) for text in captions(digit)]), encoding="utf-8")


def training_set(settings: Digits, count: int, seed: int) -> Sequence:
    """So many digits of other writers than those that are held out; fewer are among more."""
    drawn, digits = images(settings.side)
    rows = stream(seed, "digits").permutation(len(drawn) - settings.held)[:count]
    return Sequence([(encode_jpeg(drawn[row]), captions(int(digits[row]))) for row in rows])


def recipe(settings: Digits, vocabulary: Path, *, mixgen: bool) -> Recipe:
    """What batches are."""
    image = ImageRecipe(size=settings.side, scale=(0.7, 1.0), hflip=0.0)
    text = TextRecipe(tokenizer=BertTokenizer(vocabulary=vocabulary), length=LENGTH)
    return Recipe(image=image, text=text, mix=MixGen() if mixgen else None)
