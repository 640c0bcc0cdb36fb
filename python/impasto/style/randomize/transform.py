"""Style randomization as a torchvision transform. Needs the extra ``style``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from impasto.checks import is_number, require
from impasto.errors import RecipeError
from impasto.extras import need
from impasto.style.model import StyleModel
from impasto.style.randomize.draw import StylePlan
from impasto.style.randomize.randomizer import StyleRandomizer

pil: Any = need("PIL.Image", extra="style")
tv_tensors: Any = need("torchvision.tv_tensors", extra="style")
v2: Any = need("torchvision.transforms.v2", extra="style")


def _is_pure(value: object) -> bool:
    return isinstance(value, Tensor) and not isinstance(value, tv_tensors.TVTensor)


class StyleTransform(v2.Transform):  # type: ignore[misc]
    """Gives images random styles, in a `torchvision.transforms.v2` pipeline, before normalising.

    Tensors [3, H, W] and [B, 3, H, W], `tv_tensors.Image`, `tv_tensors.Video` (one style for all frames) and PIL images
    come back as what they were; labels, boxes, masks and strings pass. Images of one sample get the same style. As
    torchvision's transforms do, it draws from torch's global generator, which a `DataLoader` seeds in each worker, and
    works in every mode.

    The networks run where the images are, on the CPU; for batches on a GPU use `StyleRandomizer`.

    Args:
        model: A file or folder, as in `StyleRandomizer.load` (each worker process reads it for itself); a `StyleModel`
            or a `StyleRandomizer`; None for the model that comes with impasto.
        p: How often a sample is stylized.
        options: Arguments of `StyleRandomizer`.

    Raises:
        RecipeError: If a value makes no sense.
        CheckpointError: If the model can't be read.
        MissingExtraError: If torchvision is not installed (when the class is imported).
    """

    _transformed_types = (_is_pure, tv_tensors.Image, tv_tensors.Video, pil.Image)

    def __init__(
        self, model: str | Path | StyleModel | StyleRandomizer | None = None, *, p: float = 1.0, **options: Any
    ) -> None:
        super().__init__()
        require(is_number(p) and 0 <= p <= 1, f"p={p!r} must lie in [0, 1]")
        ready = isinstance(model, StyleRandomizer)
        require(not (ready and options), f"a StyleRandomizer has its {', '.join(options)} already")
        self.p = p
        self._options = options
        self._source = model
        # In a dictionary, so that a pipeline doesn't get the networks' parameters.
        self._made: dict[str, StyleRandomizer] = {}
        self.randomizer  # noqa: B018  what is wrong shows now, not in a worker

    @property
    def randomizer(self) -> StyleRandomizer:
        """What stylizes."""
        if "it" not in self._made:
            source = self._source
            if isinstance(source, StyleRandomizer):
                self._made["it"] = source
            elif isinstance(source, StyleModel):
                self._made["it"] = StyleRandomizer(source, **self._options)
            else:
                self._made["it"] = StyleRandomizer.load(source, **self._options)
        return self._made["it"]

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_made": {}}

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:  # noqa: ARG002  torchvision's signature
        """Whether this sample is stylized, and what its style depends on."""
        applies = float(torch.rand(())) < self.p
        return {"applies": applies, "seed": int(torch.randint(2**62, ()))}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Stylizes one image, video or batch."""
        if not params["applies"]:
            return inpt
        generator = torch.Generator().manual_seed(params["seed"])
        if isinstance(inpt, pil.Image):
            if inpt.mode != "RGB":
                raise RecipeError(f"a PIL image must be RGB, not {inpt.mode}; open it with .convert('RGB')")
            pixels = v2.functional.pil_to_tensor(inpt)
            return v2.functional.to_pil_image(self.randomizer(pixels, generator=generator))
        if isinstance(inpt, tv_tensors.Video):
            return tv_tensors.wrap(self._video(inpt.as_subclass(Tensor), generator), like=inpt)
        if isinstance(inpt, tv_tensors.Image):
            return tv_tensors.wrap(self.randomizer(inpt.as_subclass(Tensor), generator=generator), like=inpt)
        return self.randomizer(inpt, generator=generator)

    def _video(self, video: Tensor, generator: torch.Generator) -> Tensor:
        frames = video.flatten(0, -4)
        one, count = self.randomizer.draw(1, generator=generator), len(frames)
        rows = torch.arange(count if len(one.rows) else 0)
        plan = StylePlan(count, rows, one.embeddings.expand(len(rows), -1), one.alphas.expand(len(rows)))
        painted: Tensor = self.randomizer(frames, plan)
        return painted.reshape(video.shape)
