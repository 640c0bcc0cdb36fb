"""A data set as a model embeds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from impasto.checks import require
from impasto.errors import CheckpointError
from impasto.sources import Source
from impasto_lab.models import Vilt
from impasto_lab.report.pictures import unnormalize
from impasto_lab.tasks import HeldOut
from impasto_lab.tasks.downstream import Opened
from impasto_lab.tasks.evaluating import evaluating

#: Images that are embedded at once.
_BATCH = 256


@dataclass(frozen=True, eq=False)
class Embedded:
    """Images and captions on a model's sphere.

    Attributes:
        images: [N, D] float32 of length 1.
        captions: [M, D] float32 of length 1.
        image_of: [M] int64, the row of each caption's image.
        texts: M captions.
        keys: N keys.
        pixels: [N, H, W, 3] uint8, as the model sees them.
    """

    images: npt.NDArray[np.float32]
    captions: npt.NDArray[np.float32]
    image_of: npt.NDArray[np.int64]
    texts: tuple[str, ...]
    keys: tuple[str, ...]
    pixels: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, opened: Opened, data: Source, *, most: int, device: torch.device) -> Embedded:
        """Embeds images, evenly spread over a data set, with all of their captions.

        Args:
            opened: A model with towers.
            data: Images with captions.
            most: How many rows of the data set, at most.
            device: Where the model runs.

        Raises:
            CheckpointError: If the model has no towers, or was tuned to a task that took them.
            RecipeError: If there are fewer than ten images.
        """
        model = opened.base
        if isinstance(model, Vilt):
            reason = "a vilt looks at pairs and embeds nothing by itself; name a clip, an albef or a tcl"
            raise CheckpointError(reason, path=opened.path)
        recipe = opened.recipe()
        few = min(len(data), most)
        held = HeldOut.of(data[[row * len(data) // few for row in range(few)]], recipe)
        require(len(held.images) >= 10, f"{len(held.images)} images say nothing of a representation; give ten or more")
        if opened.compact is not None:
            held = replace(held, input_ids=opened.compact.rows(held.input_ids))
        with evaluating(model.to(device)):
            images = [model.encode_images(part.to(device)).cpu() for part in torch.split(held.images, _BATCH)]
            texts = [
                model.encode_texts(ids.to(device), mask.to(device)).cpu()
                for ids, mask in zip(
                    *(torch.split(part, _BATCH) for part in (held.input_ids, held.attention_mask)), strict=True
                )
            ]
        return cls(
            images=torch.cat(images).float().numpy(),
            captions=torch.cat(texts).float().numpy(),
            image_of=held.image_of.numpy(),
            texts=held.captions,
            keys=held.keys,
            pixels=unnormalize(held.images, recipe.views[0].normalize),
        )


def names_of(checkpoints: Sequence[str]) -> list[str]:
    """What each checkpoint is called: the last part of its path that tells it from the others.

    Raises:
        RecipeError: If one is there twice.
    """
    parts = [Path(one).resolve().parts for one in checkpoints]
    require(len(set(parts)) == len(parts), "the two checkpoints are one; name another")
    if len(parts) == 1:
        return [parts[0][-1] if parts[0][-1] != "model" else parts[0][-2]]
    for back in range(1, max(map(len, parts)) + 1):
        names = [one[-back] if back <= len(one) else "" for one in parts]
        if len(set(names)) == len(names):
            return [name or "/" for name in names]
    return list(checkpoints)
