"""What the demonstration shows of style randomization: strengths, random styles, a mug, and the cost in its step."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from impasto.batch import BatchId
from impasto.jobs import data_uri
from impasto.ops import decode, resize
from impasto.style import StyleRandomizer
from impasto_lab.report import unnormalize
from impasto_lab.worlds.mug import render_mug

if TYPE_CHECKING:
    from impasto.sources import IndexedSource
    from impasto_lab.experiments.demo.settings import Demo

_SIDE = 192
_STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
_STYLES = 5
_ROUNDS = 3
#: Unaugmented to augmented images, as the paper found best on STL-10.
RATIO = "2:1"


def styled(data: IndexedSource, plan: Demo, device: torch.device, *, step_seconds: float) -> dict[str, Any]:
    """Paints a photograph and a mug, and times what a training step would pay.

    Args:
        data: Whose fourth row is the photograph.
        plan: What is trained.
        device: Where.
        step_seconds: A training step without styles.

    Returns:
        Rows of pictures with captions, and the cost in milliseconds and as a share of the step.
    """
    stylize = StyleRandomizer.load(ratio="0:1", seed=plan.seed).to(device)
    photograph = _square(decode(data[3].image))
    mug = render_mug(_SIDE, plan.seed)
    one = stylize.draw(1, alpha=1.0, id=BatchId(0, 0)).embeddings
    strengths = stylize(
        _tensor(photograph, device).expand(len(_STRENGTHS), -1, -1, -1),
        embeddings=one.expand(len(_STRENGTHS), -1),
        alpha=torch.tensor(_STRENGTHS),
    )
    random = stylize(_tensor(photograph, device).expand(_STYLES, -1, -1, -1), alpha=0.75, id=BatchId(0, 1))
    twice = stylize(_tensor(mug, device).expand(2, -1, -1, -1), alpha=0.75, id=BatchId(0, 2))
    cost = _cost(plan, device)
    return {
        "rows": [
            _row("one style, in strengths", photograph, strengths, [f"{strength:g}" for strength in _STRENGTHS]),
            _row("random styles, strength 0.75", photograph, random, [""] * _STYLES),
            _row("a mug, twice", mug, twice, ["", ""]),
        ],
        "ratio": RATIO,
        "milliseconds": 1000 * cost,
        "step_milliseconds": 1000 * step_seconds,
        "share": 100 * cost / max(step_seconds, 1e-9),
    }


def _cost(plan: Demo, device: torch.device) -> float:
    """Seconds that styles for a training batch take, the least of a few rounds."""
    images = torch.rand(plan.batch_size, 3, plan.side, plan.side, generator=torch.Generator().manual_seed(plan.seed))
    images = images.to(device)
    stylize = StyleRandomizer.load(alpha=0.5, ratio=RATIO, seed=plan.seed).to(device)
    seconds = []
    for number in range(_ROUNDS):
        start = time.perf_counter()
        stylize(images, id=BatchId(0, number)).sum().item()  # waits for a GPU
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _row(title: str, own: npt.NDArray[np.uint8], painted: Tensor, captions: list[str]) -> dict[str, Any]:
    pictures = unnormalize(painted.cpu().float() / 255, None)
    figures = [
        {"image": data_uri(picture), "caption": caption} for picture, caption in zip(pictures, captions, strict=True)
    ]
    return {"title": title, "figures": [{"image": data_uri(own), "caption": "as it is"}, *figures]}


def _square(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return resize(np.ascontiguousarray(image[top : top + side, left : left + side]), _SIDE)


def _tensor(image: npt.NDArray[np.uint8], device: torch.device) -> Tensor:
    return torch.from_numpy(image).permute(2, 0, 1)[None].to(device)
