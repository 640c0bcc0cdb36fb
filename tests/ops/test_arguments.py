"""Arguments of a wrong kind raise errors of ours, which say what would be right; nothing waits for a pipe."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from impasto import ImageRecipe, RandAugment, RandomSwap, Recipe, RecipeError, SourceError, ops

IMAGE = np.zeros((10, 12, 3), np.uint8)
BATCH = np.zeros((2, 4, 4, 3), np.uint8)
PARTNERS, LAMS = np.array([1, 1]), np.array([0.5, 1.0], np.float32)


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda: ops.decode(5), "encoded bytes or a path, not int"),
        (lambda: ops.decode(io.BytesIO()), r"file\.read\(\)"),
        (lambda: ops.decode(b"", max_pixels=1.5), "max_pixels"),
        (lambda: ops.probe(None), "NoneType"),
        (lambda: ops.load(5, ImageRecipe()), "encoded bytes"),
        (lambda: ops.load(b"", ImageRecipe(), seed=None), "seed=None"),
        (lambda: ops.crop(IMAGE, (0.5, 0, 3, 3)), "box"),
        (lambda: ops.resize(IMAGE, 5, box=(0, 0, 13, 10)), "leaves the image of 12 x 10"),
        (lambda: ops.resize(IMAGE, 5, box=(3, 3, 0, 4)), "empty"),
        (lambda: ops.resize(IMAGE, 5, box=3), "four numbers"),
        (lambda: ops.resize(None, 5), "NoneType"),
        (lambda: ops.draw(ImageRecipe(), 1.5, 3), "width=1.5"),
        (lambda: ops.mix(torch.zeros(2, 3, 2, 2), PARTNERS, np.array([2, 1], np.float32)), r"\[0, 1\], not 2"),
        (lambda: ops.mix(BATCH, PARTNERS, np.array([2, 1], np.float32)), "lam"),
        (lambda: ops.mix(BATCH, np.array([1, 1.5]), LAMS), "partners"),
        (lambda: ops.mix(BATCH.tolist(), PARTNERS, LAMS), "not list"),
        (lambda: ops.normalize(None), "NoneType"),
        (lambda: ops.tokenize(["a cat", None]), r"captions\[1\] is a NoneType"),
        (lambda: ops.tokenize("a \ud83d cat"), "surrogate"),
        (lambda: ops.tokenize(5), "int"),
        (lambda: ops.resize(IMAGE, 5, flip="no"), "flip='no' must be True or False"),
        (lambda: ops.resize(IMAGE, 5, exact=1), "exact=1 must be True or False"),
        (lambda: ops.resize(IMAGE, 5, box=(0, 0, 1e-9, 1e-9)), r"box=\(0, 0, 0.000000001"),
        (lambda: ops.load(b"", 5), r"recipe must be of kind ImageRecipe, not int"),
        (lambda: ops.load(b"", Recipe()), "not Recipe"),
        (lambda: ops.draw(5, 4, 4), "recipe must be of kind ImageRecipe"),
        (lambda: ops.augment(IMAGE, 5), "policy must be of kind Augmentation"),
        (lambda: ops.augment(None, RandAugment()), "image must be an array"),
        (lambda: ops.augment(IMAGE, RandAugment(), seed=None), "seed=None"),
        (lambda: ops.augment_caption(5, RandomSwap()), "caption must be of kind str"),
        (lambda: ops.augment_caption("a", [5]), "policy must be of kind WordAugmentation"),
        (lambda: ops.apply(IMAGE, 5), "operations=5 must be pairs"),
        (lambda: ops.apply(IMAGE, ["ShearX"]), "must be pairs"),
        (lambda: ops.apply(IMAGE, [("ShearX", ["a"])]), "must be pairs"),
        (lambda: ops.apply(IMAGE, [("ShearX", 5)]), "must be pairs"),
        (lambda: ops.apply(IMAGE, [], style="x"), "style='x'"),
        (lambda: ops.permutation(2.5), r"length=2\.5"),
    ],
)
def test_a_wrong_kind_is_named(call: Callable[[], Any], names: str) -> None:
    with pytest.raises(RecipeError, match=names):
        call()


def test_what_is_no_file_is_never_read(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe.jpg", tmp_path / "link.jpg"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link, Path("/dev/zero"), tmp_path):
        with pytest.raises(SourceError, match=str(path)):
            ops.decode(path)
    big = tmp_path / "big.jpg"
    big.write_bytes(bytes(6))
    with pytest.raises(SourceError, match="more than the 5"):
        ops.decode(big, max_bytes=5)
