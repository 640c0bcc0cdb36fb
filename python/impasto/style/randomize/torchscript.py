"""The randomizer as TorchScript, in a file that plain torch loads."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Optional

import torch
from torch import Tensor, nn

from impasto.checks import is_number
from impasto.errors import CheckpointError, ImpastoError, RecipeError
from impasto.files import new_file
from impasto.style.networks.inception import InceptionPredictor
from impasto.style.randomize.arithmetic import enlarge, from_unit, mix_styles, shrink, to_unit
from impasto.style.run import fold
from impasto.style.run.backends import quiet, script

if TYPE_CHECKING:
    from impasto.style.randomize.randomizer import StyleRandomizer


class PlainRandomizer(nn.Module):
    """What a TorchScript file of a randomizer does: the same arithmetic, with torch's random numbers.

    Mode doesn't matter to it: it always stylizes, and batch normalisation is folded into convolutions. An outer
    autocast does, but for the result's dtype: TorchScript can't switch it off from inside; do so around the call.

    Args:
        randomizer: What it does as well; alpha must be a number or a range.

    Raises:
        RecipeError: If alpha is a distribution.
    """

    content_mean: Tensor
    unit: Tensor

    def __init__(self, randomizer: "StyleRandomizer") -> None:
        super().__init__()
        model, alpha = randomizer.model, randomizer.alpha
        if not (is_number(alpha) or isinstance(alpha, tuple | list)):
            raise RecipeError(f"alpha={alpha!r} can't be drawn in TorchScript; use a number or a range (low, high)")
        low, high = (alpha, alpha) if is_number(alpha) else alpha  # type: ignore[misc]
        self.low, self.high = float(low), float(high)  # type: ignore[arg-type]
        self.own_base: bool = randomizer.base == "image"
        self.shared: bool = randomizer.shared
        self.share: float = randomizer.share
        self.downsample: int = randomizer.painter.downsample
        self.differentiable: bool = randomizer.painter.differentiable
        self.embedding: int = model.embedding
        self.transformer, self.predictor = (randomizer.painter.form(name) for name in ("transformer", "predictor"))
        if isinstance(self.predictor, InceptionPredictor):
            self.predictor = fold.batch_norms(self.predictor)
        # Of the dtype that the networks take.
        unit = randomizer.painter.taken(torch.ones(1, 3, 1, 1, device=model.content_mean.device))
        self.register_buffer("unit", unit, persistent=False)
        self.distribution = model.distribution
        self.register_buffer("content_mean", model.content_mean)

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
        if alpha is not None and not 0.0 <= alpha <= 1.0:
            raise ValueError("alpha must lie in [0, 1]")
        if not self.differentiable:
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
            noise = torch.randn([number, self.embedding], generator=generator)
            embeddings = self.distribution(noise.to(self.content_mean.device))
        alphas = alphas.to(images.device).expand(chosen)
        styles = embeddings.to(images.device).expand(chosen, self.embedding)
        if chosen == count:
            return self.paint(images, styles, alphas)
        rows = torch.randperm(count, generator=generator)[:chosen].to(images.device)
        return images.index_copy(0, rows, self.paint(images.index_select(0, rows), styles, alphas))

    @torch.jit.export
    def paint(self, images: Tensor, embeddings: Tensor, alphas: Tensor) -> Tensor:
        """Paints images [B, 3, H, W] with styles [B, E] of strengths [B]."""
        taken = to_unit(images, self.unit.dtype)
        base = self.predictor(taken) if self.own_base else self.content_mean
        mixed = mix_styles(embeddings, base, alphas).to(taken.dtype)
        painted = self.transformer(shrink(taken, self.downsample), mixed)
        return from_unit(enlarge(painted, self.downsample, images.size(2), images.size(3)), images.dtype)

    @torch.jit.export
    def predict(self, images: Tensor) -> Tensor:
        """The style embeddings [B, E] float32 of images [B, 3, H, W], floating point in [0, 1] or uint8."""
        embeddings: Tensor = self.predictor(to_unit(images, self.unit.dtype))
        return embeddings.to(torch.float32)


def to_torchscript(
    randomizer: "StyleRandomizer", path: str | Path | None = None, *, freeze: bool = False
) -> torch.jit.ScriptModule:
    """Scripts a randomizer, and saves it.

    Args:
        randomizer: What the file will do.
        path: The file; None only returns the scripted module.
        freeze: Whether weights become constants: faster, but tied to this device and dtype.

    Raises:
        RecipeError: If alpha is a distribution.
        CheckpointError: If the file can't be written.
        ImpastoError: If this torch has given TorchScript up.
    """
    plain = PlainRandomizer(randomizer).requires_grad_(False).eval()
    try:
        scripted = script(plain)
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
