"""A picture made worse, by the name of a corruption and its severity."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from impasto.checks import choice
from impasto_lab.worlds.corruptions import blur, digital, noise, weather
from impasto_lab.worlds.corruptions.planes import Corruption

#: By name, in the order of the published table: noise, blur, weather, digital.
CORRUPTIONS: dict[str, Corruption] = {**noise.KINDS, **blur.KINDS, **weather.KINDS, **digital.KINDS}
#: From hardly seen to hardly recognized.
SEVERITIES = (1, 2, 3, 4, 5)


def corrupt(image: npt.NDArray[np.uint8], name: str, severity: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Makes a picture worse, as ImageNet-C's are, with its published strengths.

    Rendered here, not by the published code: noise is drawn from the picture's stream, frost is rendered and not
    photographed. Lengths (of blurs, shifts, flakes) are published for pictures of 224 pixels; they follow the side.

    Args:
        image: [H, W, 3] uint8.
        name: Of `CORRUPTIONS`.
        severity: Of `SEVERITIES`.
        rng: The picture's stream.

    Returns:
        [H, W, 3] uint8.

    Raises:
        RecipeError: If the name or the severity is not known.
    """
    choice("corruption", name, CORRUPTIONS)
    choice("severity", severity, SEVERITIES)
    worse = CORRUPTIONS[name](image.astype(np.float64) / 255, severity - 1, rng)
    return np.clip(np.rint(worse * 255), 0, 255).astype(np.uint8)
