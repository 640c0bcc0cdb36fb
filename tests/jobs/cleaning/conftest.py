"""A data set with one of everything that cleaning finds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import PIL.Image
import pytest

Rows = dict[str, tuple[bytes, list[str]]]


@pytest.fixture(scope="session")
def rows(photographs: dict[str, npt.NDArray[np.uint8]], encode: Callable[..., bytes]) -> Rows:
    """Encoded pictures and captions, by what they are."""
    large = {name: PIL.Image.fromarray(photographs[name]) for name in ("astronaut", "coffee", "chelsea", "rocket")}
    full = {name: picture.resize((200, 200)) for name, picture in large.items()}
    whole = np.asarray(full["astronaut"])
    snow = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    astronaut = encode(full["astronaut"], quality=95)
    return {
        "good": (astronaut, ["an astronaut"]),
        "good too": (encode(full["chelsea"]), ["image", "a cat's face"]),
        "the same file": (astronaut, ["somebody in a suit"]),
        "recompressed": (encode(full["astronaut"], quality=30), ["a suit"]),
        "smaller": (encode(full["astronaut"].resize((120, 120))), ["a small suit"]),
        "cropped": (encode(whole[4:197, 2:195]), ["a suit, closer"]),
        "mirrored": (encode(whole[:, ::-1]), ["a suit in a mirror"]),
        "tiny": (encode(full["coffee"].resize((31, 40))), ["a cup"]),
        "long": (encode(large["coffee"].crop((0, 200, 400, 300))), ["a saucer"]),
        "longer": (encode(large["coffee"].crop((0, 200, 400, 340))), ["a saucer and a spoon"]),
        "white": (encode(np.full((64, 64, 3), 250, np.uint8), "PNG"), ["fog"]),
        "snow": (encode(snow, "PNG"), ["noise"]),
        "torn": (encode(full["rocket"])[:3000], ["half a rocket"]),
        "html": (b"<html>gone</html>", ["a page"]),
        "silent": (encode(large["rocket"].crop((300, 100, 420, 220))), [" "]),
        "named": (encode(large["rocket"].crop((40, 200, 200, 330))), ["IMG_0001.jpg", "photo"]),
        "mute": (encode(large["rocket"].crop((100, 40, 280, 140))), []),
    }
