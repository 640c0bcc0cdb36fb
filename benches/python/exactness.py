"""How far the fast path is from the exact one, over photographs at random crops. Writes a JSON for README.

The fast path decodes a JPEG only where the crop lies, at the largest DCT scale that still covers the target. It is
compared with `ImageRecipe(exact=True)`, which decodes in full and crops and resizes as Pillow does.
"""

from __future__ import annotations

import io
import json
import math
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from impasto import ImageRecipe, ops
from impasto_lab.bench.machine import versions
from impasto_lab.bench.photographs import photographs, write_files

CROPS = 1000
RESULT = Path(__file__).parents[1] / "results" / "exactness.json"


def compare(jpegs: Sequence[bytes], recipe: ImageRecipe, exact: ImageRecipe) -> dict[str, Any]:
    """Levels apart, PSNR in dB over all pixels and of the worst crop, and the share of crops that are equal."""
    squares, levels = [], np.zeros(256, np.int64)
    for sample in range(CROPS):
        jpeg = jpegs[sample % len(jpegs)]
        one, other = (ops.load(jpeg, kind, sample=sample)[0].astype(float) for kind in (recipe, exact))
        squares.append(float(np.square(one - other).mean()))
        levels += np.bincount(np.abs(one - other).astype(int).ravel(), minlength=256)
    shares = levels / levels.sum()
    return {
        "crops": CROPS,
        "equal": round(sum(square == 0 for square in squares) / CROPS, 3),
        "mean": round(float(shares @ np.arange(256)), 2),
        "percentile_99": int(np.searchsorted(shares.cumsum(), 0.99)),
        "most": int(np.flatnonzero(levels).max()),
        "psnr": round(_psnr(float(np.mean(squares))), 1),
        "psnr_worst": round(_psnr(max(squares)), 1),
    }


def _psnr(square: float) -> float:
    return 10 * math.log10(255**2 / square) if square else math.inf


def _encode(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "JPEG", quality=90, subsampling="4:2:0")
    return file.getvalue()


def main() -> None:
    whole = [_encode(pixels) for _, pixels in photographs()]
    with tempfile.TemporaryDirectory() as folder:
        cuts = [Path(path).read_bytes() for path in write_files(Path(folder), 64).paths]
    rows = []
    for what, jpegs in (("640x480", cuts), ("as they come", whole)):
        for interpolation in ("bilinear", "bicubic"):
            recipe = ImageRecipe(interpolation=interpolation)
            exact = ImageRecipe(interpolation=interpolation, exact=True)
            rows.append({"photographs": what, "interpolation": interpolation, **compare(jpegs, recipe, exact)})
            print(rows[-1], file=sys.stderr)
    command = "python benches/python/exactness.py"
    document = {"rows": rows, "versions": versions("impasto", "pillow", "scikit-image", "scikit-learn"), "seed": 0}
    RESULT.write_text(json.dumps({**document, "command": command}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
