"""The randomizer as TorchScript, in a file that plain torch loads."""

import os
from pathlib import Path
from typing import Optional

import torch
from torch import Tensor, nn

from impasto.checks import is_number, require
from impasto.errors import CheckpointError, ImpastoError, RecipeError
from impasto.files import new_file
from impasto.style.networks.transformer import SMALLEST
from impasto.style.randomize.painter import Painter
from impasto.style.randomize.strength import Alpha
from impasto.style.randomize.tensor_painter import TensorPainter
from impasto.style.run.backends import quiet, script


class PlainRandomizer(nn.Module):
    """What a TorchScript file of a randomizer does: the same arithmetic, with torch's random numbers.

    Mode doesn't matter to it: it always stylizes, and batch normalisation is folded into convolutions. An outer
    autocast does, but for the result's dtype: TorchScript can't switch it off from inside; do so around the call.

    Args:
        painter: What paints.
        alpha: Strength: a number or a range.
        share: Of a batch that is stylized, in [0, 1].
        own_base: Whether the base is each image's own embedding, not the mean one.
        shared: Whether a batch gets one style and one alpha.

    Raises:
        RecipeError: If alpha is a distribution, or the painter's dtype int8.
    """

    def __init__(self, painter: Painter, *, alpha: Alpha, share: float, own_base: bool, shared: bool) -> None:
        super().__init__()
        require(painter.dtype != torch.int8, "dtype=torch.int8 can't be TorchScript; load with a floating point dtype")
        if not (is_number(alpha) or isinstance(alpha, tuple | list)):
            raise RecipeError(f"alpha={alpha!r} can't be drawn in TorchScript; use a number or a range (low, high)")
        low, high = (alpha, alpha) if is_number(alpha) else alpha  # type: ignore[misc]
        self.low, self.high = float(low), float(high)  # type: ignore[arg-type]
        self.share = share
        self.shared = shared
        self.embedding: int = painter.model.embedding
        halved = (SMALLEST - 1) * 2**painter.downsample + 1
        self.smallest: int = max(halved, painter.model.predictor.smallest) if own_base else halved
        self.painter = TensorPainter(painter, own_base=own_base)
        self.distribution = painter.model.distribution

    def forward(
        self,
        images: Tensor,
        alpha: Optional[float] = None,  # noqa: UP045  TorchScript's way
        embeddings: Optional[Tensor] = None,  # noqa: UP045
        seed: Optional[int] = None,  # noqa: UP045
    ) -> Tensor:
        """Stylizes images.

        Args:
            images: [B, 3, H, W], floating point in [0, 1] or uint8, on the networks' device.
            alpha: Strength; None takes the randomizer's, drawn for each image if that is a range.
            embeddings: Styles [B, E] or [1, E] instead of random ones; then all rows are stylized.
            seed: Of all that is drawn; None takes it from torch's global generator.

        Returns:
            Images of the same shape and dtype.
        """
        if images.dim() != 4 or images.size(1) != 3:
            raise ValueError("images must be [B, 3, H, W]")
        if not (images.is_floating_point() or images.dtype == torch.uint8):
            raise ValueError("images must be floating point in [0, 1], or uint8")
        if images.size(0) > 0 and min(images.size(2), images.size(3)) < self.smallest:
            raise ValueError(f"images must be at least {self.smallest}x{self.smallest}")
        if alpha is not None and not 0.0 <= alpha <= 1.0:
            raise ValueError("alpha must lie in [0, 1]")
        if not self.painter.differentiable:
            images = images.detach()
        key = int(torch.randint(1 << 62, [1]).item()) if seed is None else seed
        generator = torch.Generator(device="cpu").manual_seed(key)
        count = images.size(0)
        chosen = count
        if embeddings is None and self.share < 1.0:
            wanted = count * self.share
            chosen = int(wanted + torch.rand([1], generator=generator).item())
        if chosen == 0:
            return images.clone()
        number = 1 if self.shared else chosen
        if alpha is None:
            alphas = self.low + (self.high - self.low) * torch.rand([number], generator=generator)
        else:
            alphas = torch.full([number], alpha)
        if embeddings is None:
            noise = torch.randn([number, self.distribution.noise], generator=generator)
            embeddings = self.distribution(noise.to(self.painter.content_mean.device))
        alphas = alphas.expand(chosen)
        styles = embeddings.expand(chosen, self.embedding)
        rows: Optional[Tensor] = None  # noqa: UP045
        if chosen < count:
            rows = torch.randperm(count, generator=generator)[:chosen]
        painted: Tensor = self.painter(images, styles, alphas, rows)
        return painted

    @torch.jit.export
    def paint(self, images: Tensor, embeddings: Tensor, alphas: Tensor) -> Tensor:
        """Paints images [B, 3, H, W] with styles [B, E] of strengths [B]."""
        return self.painter.paint(images, embeddings, alphas)

    @torch.jit.export
    def predict(self, images: Tensor) -> Tensor:
        """The style embeddings [B, E] float32 of images [B, 3, H, W], floating point in [0, 1] or uint8."""
        return self.painter.predict(images)


def to_torchscript(
    plain: PlainRandomizer, path: str | Path | None = None, *, freeze: bool = False
) -> torch.jit.ScriptModule:
    """Scripts a randomizer, and saves it.

    Args:
        plain: What the file will do.
        path: The file; None only returns the scripted module.
        freeze: Whether weights become constants: faster, but tied to this device and dtype.

    Raises:
        CheckpointError: If the file can't be written.
        ImpastoError: If this torch has given TorchScript up.
    """
    try:
        scripted = script(plain.requires_grad_(False).eval())
        if freeze:
            with quiet():
                scripted = torch.jit.freeze(scripted, preserved_attrs=["paint", "predict"])
    except (RuntimeError, AttributeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ImpastoError(f"torch {torch.__version__} doesn't make TorchScript files: {reason}") from error
    if path is None:
        return scripted
    try:
        with new_file(path) as partial, quiet():
            torch.jit.save(scripted, os.fspath(partial))
    except (OSError, RuntimeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise CheckpointError(f"it can't be written: {reason}", path=str(path)) from error
    return scripted
