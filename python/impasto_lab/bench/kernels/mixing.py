"""What MixGen costs: in the loader against the same recipe without it, and on tensors against a copy of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from impasto import sources
from impasto.loading import Loader
from impasto.mixgen import BatchMixGen
from impasto.recipe import ImageRecipe, MixGen, Recipe
from impasto_lab.bench.kernels.group import Group

_SIDE = 224


def mixed_epochs(jpegs: Sequence[bytes], captions: Sequence[str]) -> Group:
    """A batch of all images through the loader; the answer is how many rows are mixed."""
    data = sources.Sequence(list(zip(jpegs, captions[: len(jpegs)], strict=True)))
    mixes = {"impasto": MixGen(), **{f"variant {name}": MixGen.variant(name) for name in "ade"}}

    def epoch(mix: MixGen | None) -> Callable[[], int]:
        recipe = Recipe(image=ImageRecipe(size=_SIDE), mix=mix)
        loader = Loader(data, recipe, batch_size=len(jpegs), workers=0)

        def run() -> int:
            loader.set_epoch(0)
            return sum(int(batch.plan.mixed.sum()) for batch in loader)

        return run

    return Group(
        title=f"load {len(jpegs)} JPEGs with and without MixGen",
        arms={name: epoch(mix) for name, mix in mixes.items()},
        difference=lambda _, mixed: "" if mixed == len(jpegs) // 4 else f"{mixed} rows are mixed",
        yardsticks={"without": epoch(None)},
    )


def mixing(device: str = "cpu", count: int = 64, own: Tensor | None = None, *, seed: int = 0) -> Group:
    """Mixing float images that are on a device, beside a copy of them.

    Args:
        device: Where they are.
        count: B, where they are noise.
        own: [B, 3, S, S] in [0, 1]; noise by default.
        seed: Of the noise.
    """
    noise = torch.rand(count, 3, _SIDE, _SIDE, generator=torch.Generator().manual_seed(seed))
    images = (noise if own is None else own).to(device)
    count, side = len(images), images.shape[-1]
    module = BatchMixGen(MixGen()).to(device)

    def finished(call: Callable[[], Tensor]) -> Callable[[], Tensor]:
        def run() -> Tensor:
            made = call()
            if images.is_cuda:
                torch.cuda.synchronize()
            return made

        return run

    def official() -> Tensor:
        """The published function's loop over the first quarter (amazon-research/mix-generation), on a copy."""
        made = images.clone()
        for row in range(count // 4):
            made[row] = 0.5 * made[row] + (1 - 0.5) * made[row + count // 4]
        return made

    def difference(_: str, answer: Tensor) -> str:
        quarter = count // 4
        expected = images.clone()  # [B, 3, S, S]
        expected[:quarter] = 0.5 * images[:quarter] + 0.5 * images[quarter : 2 * quarter]
        return "" if torch.allclose(answer, expected, atol=1e-6) else "the mixtures are not half and half"

    return Group(
        title=f"mix {count} float images of {side}x{side} on {'the CPU' if device == 'cpu' else 'a GPU'}",
        arms={"impasto": finished(lambda: module({"images": images})["images"]), "official": finished(official)},
        difference=difference,
        yardsticks={"clone": finished(images.clone)},
        items=count,
        packages={"impasto": "impasto"},
    )
