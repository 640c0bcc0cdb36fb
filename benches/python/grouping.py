"""What batches of alike samples save: padding of captions, pixels of images. Writes a JSON for docs.

Captions are runs of words of this project's pages, as long as those of two published sets are (means and standard
deviations of words: Changpinyo et al. 2021, table 2), drawn from log-normal distributions. Aspect ratios are drawn as
cameras make them: mostly 4:3 and 3:2, a third of them upright, one in ten anything from 1:2 to 2:1.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from impasto import ops
from impasto.loading import BatchSampler
from impasto.recipe import MixGen
from impasto.streams import stream
from impasto_lab.bench.machine import versions

ROWS, BATCH, SEED = 25_600, 256, 0
WINDOWS = (None, 8, 50)
#: Words of a caption: mean and standard deviation.
CAPTIONS = {"CC3M": (10.3, 4.5), "CC12M": (20.2, 16.3)}
SHAPES = ((224, 224), (192, 256), (256, 192))
ROOT = Path(__file__).parents[2]
RESULT = ROOT / "benches" / "results" / "grouping.json"

Floats = npt.NDArray[np.float64]


def captions(name: str) -> list[str]:
    """Captions as long as those of a published set."""
    mean, deviation = CAPTIONS[name]
    spread = math.log(1 + (deviation / mean) ** 2)
    rng = stream(SEED, "captions", name)
    counts = np.maximum(rng.lognormal(math.log(mean) - spread / 2, math.sqrt(spread), ROWS).round(), 1).astype(int)
    words = " ".join(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md"))).split()
    words = [word for word in words if word.isalpha()]
    begins = rng.integers(0, len(words) - counts.max(), ROWS)
    return [
        " ".join(words[begin : begin + count]) for begin, count in zip(begins.tolist(), counts.tolist(), strict=True)
    ]


def batches(by: Floats, window: int | None) -> npt.NDArray[np.int64]:
    """An epoch, [batches, BATCH]."""
    options: dict[str, Any] = {} if window is None else {"group_by": by, "group_window": window}
    return np.asarray([list(key) for key in BatchSampler(ROWS, BATCH, seed=SEED, **options)])


def padding(tokens: Floats, order: npt.NDArray[np.int64], mix: MixGen | None) -> float:
    """The share of ids that is padding, where a batch is as long as its longest caption."""
    lengths = tokens[order]
    if mix is not None:
        rows = [mix.native.draw(BATCH, seed=SEED, epoch=0, step=step, number=step) for step in range(len(order))]
        partners = np.asarray([one.partners for one in rows])
        joined = np.take_along_axis(lengths, partners, axis=1)
        lengths = lengths + np.where(partners == np.arange(BATCH), 0, joined - 2)
    longest = lengths.max(axis=1, keepdims=True)
    return float(1 - lengths.sum() / (longest.sum() * BATCH))


def text() -> list[dict[str, Any]]:
    """Padding by set, what lengths are known by, and window."""
    rows = []
    for name in CAPTIONS:
        own = captions(name)
        ids = ops.tokenize(own, "clip", length=512)
        tokens = ids.attention_mask.sum(axis=1).astype(np.float64)
        counted = np.asarray([len(caption.encode()) for caption in own], np.float64)
        for by, keys in (("tokens", tokens), ("bytes", counted)):
            for window in WINDOWS:
                order = batches(keys, window)
                plain, mixed = padding(tokens, order, None), padding(tokens, order, MixGen(ratio=0.25))
                rows.append({"captions": name, "by": by, "window": window, "padding": plain, "mixed": mixed})
    return rows


def images() -> list[dict[str, Any]]:
    """What is padded (or cropped) of images by shapes and window."""
    rng = stream(SEED, "aspects")
    ratios = rng.choice([4 / 3, 3 / 2, 16 / 9], ROWS, p=[0.6, 0.3, 0.1])
    ratios = np.where(rng.random(ROWS) < 1 / 3, 1 / ratios, ratios)
    ratios = np.where(rng.random(ROWS) < 0.1, np.exp(rng.uniform(-math.log(2), math.log(2), ROWS)), ratios)
    aspects = np.log(ratios)
    rows = []
    for shapes, window in ((SHAPES[:1], None), (SHAPES, 8), (SHAPES, 50)):
        own = aspects[batches(aspects, window)]
        kinds = np.log([width / height for height, width in shapes])
        nearest = kinds[np.abs(np.median(own, axis=1)[:, None] - kinds).argmin(axis=1)]
        # Fitted whole into a shape, or cropped to it, an image leaves the same share.
        left = np.exp(-np.abs(own - nearest[:, None]))
        rows.append({"shapes": [list(shape) for shape in shapes], "window": window, "lost": float(1 - left.mean())})
    return rows


def main() -> None:
    found = {"text": text(), "images": images()}
    for row in (*found["text"], *found["images"]):
        print(row, file=sys.stderr)
    settings = {"rows": ROWS, "batch": BATCH, "captions": CAPTIONS, "seed": SEED}
    document = {**found, "settings": settings, "versions": versions("impasto", "numpy")}
    command = "python benches/python/grouping.py"
    RESULT.write_text(json.dumps({**document, "command": command}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
