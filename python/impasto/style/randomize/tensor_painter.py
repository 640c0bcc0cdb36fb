"""A painter as tensors in and tensors out: it scripts, and `torch.compile` and `torch.export` take it whole."""

from typing import Optional

import torch
from torch import Tensor, nn

from impasto.style.networks.inception import InceptionPredictor
from impasto.style.randomize.arithmetic import enlarge, from_unit, give_back, mix_styles, shrink, to_unit
from impasto.style.randomize.painter import Painter
from impasto.style.run import fold


class TensorPainter(nn.Module):
    """What a painter does to images, without what looks at values: checks, chunks, messages.

    Styles are drawn first, outside; this applies them:

    >>> from impasto import StyleRandomizer
    >>> stylize = StyleRandomizer.load(ratio="1:1")
    >>> paint, plan = stylize.to_module(), stylize.draw(4)  # torch.compile(paint, fullgraph=True) is as good
    >>> images = torch.rand(4, 3, 32, 32)
    >>> bool((paint(images, plan.embeddings, plan.alphas, plan.rows) - stylize(images, plan)).abs().max() < 1e-5)
    True

    Weights are those that the painter has now, on its device. Mode doesn't matter, and batch normalisation is folded
    into convolutions.

    Args:
        painter: Whose networks, dtype, size and gradients it has.
        own_base: Whether the base is each image's own embedding, not the mean one.
        whole: Whether all images are worked on at once on a CPU too, for one graph of any batch.
    """

    content_mean: Tensor
    unit: Tensor

    def __init__(self, painter: Painter, *, own_base: bool, whole: bool = False) -> None:
        super().__init__()
        self.own_base = own_base
        self.gives_back: bool = painter.gives_back
        self.downsample: int = painter.downsample
        self.differentiable: bool = painter.differentiable
        self.transformer, self.predictor = (painter.form(name, whole=whole) for name in ("transformer", "predictor"))
        if isinstance(self.predictor, InceptionPredictor):
            self.predictor = fold.batch_norms(self.predictor)
        mean = painter.model.content_mean
        # Of the dtype that the networks take.
        self.register_buffer("unit", painter.taken(torch.ones(1, 3, 1, 1, device=mean.device)), persistent=False)
        self.register_buffer("content_mean", mean)
        self.requires_grad_(False).eval()

    def forward(
        self,
        images: Tensor,
        embeddings: Tensor,
        alphas: Tensor,
        rows: Optional[Tensor] = None,  # noqa: UP045  TorchScript's way
    ) -> Tensor:
        """Paints images.

        Args:
            images: [B, 3, H, W], floating point in [0, 1] or uint8, on the networks' device.
            embeddings: [M, E] float.
            alphas: [M] float, in [0, 1].
            rows: [M] int64: the rows that are painted, others are copied; None paints all, M = B.

        Returns:
            [B, 3, H, W] of the images' dtype.
        """
        if not self.differentiable:
            images = images.detach()
        if rows is None:
            return self.paint(images, embeddings, alphas)
        place = rows.to(images.device)
        return images.index_copy(0, place, self.paint(images.index_select(0, place), embeddings, alphas))

    def paint(self, images: Tensor, embeddings: Tensor, alphas: Tensor) -> Tensor:
        """All of the images [M, 3, H, W], with styles [M, E] of strengths [M]."""
        taken = to_unit(images, self.unit.dtype)
        base = self.predictor(taken) if self.own_base else self.content_mean  # [M, E] or [E]
        height, width = images.size(2), images.size(3)
        gives_back = self.gives_back
        # A compiled or exported graph can't look at values.
        if torch.jit.is_scripting():  # type: ignore[attr-defined]
            gives_back = gives_back and bool((alphas < 1.0).any().item())
        alphas = alphas.to(images.device)
        mixed = mix_styles(embeddings.to(images.device), base, alphas).to(taken.dtype)  # [M, E]
        small = shrink(taken, self.downsample)
        if not gives_back:
            painted = self.transformer(small, mixed)
            return from_unit(enlarge(painted, self.downsample, height, width), images.dtype)
        rest = (1.0 - alphas).to(taken.dtype)
        own = base.to(taken.dtype).expand_as(mixed)
        less = self.transformer.less_own(small, mixed, own, rest)  # type: ignore[operator]
        wide = to_unit(images, torch.promote_types(taken.dtype, torch.float32))
        return from_unit(give_back(enlarge(less, self.downsample, height, width), wide, rest), images.dtype)

    @torch.jit.export
    def predict(self, images: Tensor) -> Tensor:
        """The style embeddings [B, E] float32 of images [B, 3, H, W], floating point in [0, 1] or uint8."""
        embeddings: Tensor = self.predictor(to_unit(images, self.unit.dtype))
        return embeddings.to(torch.float32)
