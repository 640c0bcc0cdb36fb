"""MixGen as a collate function, for anybody's DataLoader."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from torch.utils.data import default_collate

from impasto.errors import RecipeError
from impasto.mixgen.draw import plan_at
from impasto.mixgen.module import BatchMixGen
from impasto.recipe import MixGen


class MixGenCollate:
    """Collates samples and mixes them: ``DataLoader(dataset, collate_fn=MixGenCollate(MixGen()))``.

    Samples are mappings, or tuples that begin with an image and a caption (whatever follows is collated and passed
    through). The plan is drawn from the seed, the epoch and the batch's captions, so that it does not depend on which
    worker makes the batch.

    Args:
        mix: What is mixed and how.
        seed: Key of the plans.
        end: See `BatchMixGen`.

    Raises:
        RecipeError: If a value makes no sense.

    Examples:
        >>> import torch
        >>> collate = MixGenCollate(MixGen(ratio=0.5))
        >>> images, captions = collate([(torch.rand(3, 4, 4), "a cat"), (torch.rand(3, 4, 4), "a dog")])
        >>> captions
        ['a cat a dog', 'a dog']
    """

    def __init__(self, mix: MixGen | None = None, *, seed: int = 0, end: bool = True) -> None:
        self.mixgen = BatchMixGen(mix, seed=seed, end=end)
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Draws anew for an epoch; call it before the DataLoader makes its workers."""
        self.epoch = epoch

    def __call__(self, samples: Sequence[Any]) -> Any:
        """Collates and mixes.

        Raises:
            RecipeError: If samples are neither mappings nor tuples of an image and a caption, or can't be mixed.
        """
        if isinstance(samples[0], Mapping):
            return self._mixed(default_collate(list(samples)))
        if not isinstance(samples[0], tuple | list) or len(samples[0]) < 2:
            raise RecipeError(
                f"a sample is a {type(samples[0]).__name__}; make it a mapping or a tuple (image, caption)"
            )
        images, captions, *rest = (list(part) for part in zip(*samples, strict=True))
        batch = self._mixed({"images": default_collate(images), "captions": captions})
        return (batch["images"], batch["captions"], *map(default_collate, rest))

    def _mixed(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        names = [name for name in self.mixgen.captions if name in batch]
        named = batch[names[0]] if names else batch.get("input_ids", "")
        content = repr(named.tolist() if hasattr(named, "tolist") else named)
        step = int.from_bytes(hashlib.blake2b(content.encode(), digest_size=7).digest(), "little")
        images = next((batch[name] for name in self.mixgen.images if name in batch), ())
        plan = plan_at(
            self.mixgen.mix,
            batch_size=len(images),
            seed=self.mixgen.seed,
            epoch=self.epoch,
            step=step,
            number=None,
        )
        mixed: dict[str, Any] = self.mixgen(batch, plan=plan)
        return mixed
