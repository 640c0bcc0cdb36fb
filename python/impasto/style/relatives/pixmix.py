"""PixMix: images mixed with pictures of rich structure, such as rendered styles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from impasto import _core
from impasto.checks import at_least, is_number, require
from impasto.recipe import Augmentation, RandAugment
from impasto.style.randomize.arithmetic import from_unit, to_unit
from impasto.style.randomize.draw import Ratio, choose
from impasto.style.relatives.pictures import Pictures, cut_out, picture
from impasto.style.relatives.relative import Domains, Relative

#: Of the paper's operations those that RandAugment has; one a copy, at a low level.
AUGMENT = RandAugment(n=1, m=3, p=1.0)


@dataclass(frozen=True)
class Round:
    """One mixing.

    Attributes:
        how: ``"add"`` or ``"multiply"``.
        picture: The number of the picture that is mixed in; None for the image's own augmented copy.
        weights: Of what there is and of what is mixed in; they may be below zero.
        place: Where the picture is cut out, as shares of the room from top and left.
        seed: What the copy's augmentation is drawn from.
    """

    how: Literal["add", "multiply"]
    picture: int | None
    weights: tuple[float, float]
    place: tuple[float, float]
    seed: int

    def __str__(self) -> str:
        sign = "+" if self.how == "add" else "*"
        what = "copy" if self.picture is None else f"#{self.picture}"
        return f"{self.weights[0]:.2f}{sign}{self.weights[1]:.2f}{what}"


@dataclass(frozen=True, eq=False)
class PixMixPlan:
    """What is mixed into a batch of B rows.

    Attributes:
        count: Rows in the batch, B.
        rows: [M] int64, on the CPU: the rows that are changed.
        starts: M seeds of the augmentation that each begins with; None where it begins with itself.
        rounds: For each the mixings, in turn; none leaves what it began with.
    """

    count: int
    rows: Tensor
    starts: tuple[int | None, ...]
    rounds: tuple[tuple[Round, ...], ...]

    def __len__(self) -> int:
        return self.count

    def __repr__(self) -> str:
        drawn = zip(self.rows.tolist(), self.starts, self.rounds, strict=True)
        said = [
            f"{row}: {'own' if start is None else 'copy'} {' '.join(map(str, rounds))}" for row, start, rounds in drawn
        ]
        more = f"; ... {len(said) - 4} more" if len(said) > 4 else ""
        return f"PixMixPlan({self.count} rows, changed: {'; '.join(said[:4])}{more})"


class PixMix(Relative[PixMixPlan]):
    """Mixes images with pictures, several times over (Hendrycks et al. 2022, arXiv 2112.05135, algorithm 1).

    An image or an augmented copy of it is mixed up to ``rounds`` times with another copy or with a picture, by sums or
    by products of powers, whose weights are drawn; the paper's pictures are fractals and feature visualisations,
    ``impasto_lab.worlds.render_styles`` gives others.

    Args:
        pictures: A tensor [N, 3, h, w], or a sequence of tensors [3, h, w], arrays [h, w, 3] or samples of an impasto
            source; floating point in [0, 1] or uint8. They are cut to the images' size, enlarged where too small.
        rounds: The most mixings of an image; 0 to so many are drawn alike. The paper's k, 4.
        beta: How close to the image results stay: the second parameter of the weights' Beta distribution, 3.
        augment: What makes copies, on the CPU; by default one of RandAugment's operations, at level 3.
        ratio: Unaugmented to augmented images, such as ``"2:1"``, or the augmented share. By default all.
        seed: Key of the plans.
        in_eval: Whether it stays on in evaluation mode.

    Raises:
        RecipeError: If a value makes no sense, or a picture is none (when it is drawn).

    Examples:
        >>> mix = PixMix(torch.rand(2, 3, 16, 16))
        >>> mix(torch.rand(4, 3, 8, 8)).shape
        torch.Size([4, 3, 8, 8])
    """

    purpose = "pixmix"
    partnered = False

    def __init__(
        self,
        pictures: Pictures,
        *,
        rounds: int = 4,
        beta: float = 3.0,
        augment: Augmentation | Sequence[Augmentation] = AUGMENT,
        ratio: Ratio = "0:1",
        seed: int = 0,
        in_eval: bool = False,
    ) -> None:
        super().__init__(ratio=ratio, seed=seed, in_eval=in_eval)
        at_least(0, rounds=rounds)
        require(is_number(beta) and beta > 0, f"beta={beta!r} must be above 0")
        require(hasattr(pictures, "__getitem__") and len(pictures) > 0, "pictures must be a sequence, not empty")
        policies = (augment,) if isinstance(augment, Augmentation) else tuple(augment)
        known = all(isinstance(policy, Augmentation) for policy in policies)
        require(known, f"augment={augment!r} must be impasto's augmentations, such as RandAugment()")
        self.pictures = pictures
        self.rounds = rounds
        self.beta = float(beta)
        self.augment: tuple[Augmentation, ...] = policies

    def _draw(self, rng: np.random.Generator, count: int, share: float, domains: Domains | None) -> PixMixPlan:
        require(domains is None, "PixMix takes nothing from other rows, so it has no use for domains")
        rows = choose(count, share, rng)
        starts, rounds = [], []
        for _ in rows:
            starts.append(int(rng.integers(2**62)) if rng.random() < 0.5 else None)
            number, place = int(rng.integers(len(self.pictures))), (float(rng.random()), float(rng.random()))
            rounds.append(tuple(self._round(rng, number, place) for _ in range(int(rng.integers(self.rounds + 1)))))
        return PixMixPlan(count, torch.from_numpy(rows), tuple(starts), tuple(rounds))

    def _round(self, rng: np.random.Generator, number: int, place: tuple[float, float]) -> Round:
        taken = None if rng.random() < 0.5 else number
        how: Literal["add", "multiply"] = "add" if rng.random() < 0.5 else "multiply"
        if rng.random() < 0.5:
            weights = (float(rng.beta(self.beta, 1)), float(rng.beta(1, self.beta)))
        else:
            weights = (1 + float(rng.beta(1, self.beta)), -float(rng.beta(1, self.beta)))
        return Round(how, taken, weights, place, int(rng.integers(2**62)))

    def _change(self, images: Tensor, plan: PixMixPlan) -> Tensor:
        chosen = images.index_select(0, plan.rows.to(images.device))
        steps = zip(chosen, plan.starts, plan.rounds, strict=True)
        return torch.stack([self._mixed(image, start, rounds) for image, start, rounds in steps])

    def _mixed(self, image: Tensor, start: int | None, rounds: Sequence[Round]) -> Tensor:
        own = to_unit(image, torch.float32)  # [3, H, W]
        mixed = own if start is None else self._copy(image, start)
        for round in rounds:
            if round.picture is None:
                other = self._copy(image, round.seed)
            else:
                other = cut_out(picture(self.pictures, round.picture), own.shape[1], own.shape[2], round.place).to(
                    own.device
                )
            mixed = _combine(round.how, mixed, other, round.weights).clamp(0.0, 1.0)
        return from_unit(mixed, image.dtype)

    def _copy(self, image: Tensor, seed: int) -> Tensor:
        """The image [3, H, W], augmented; float32."""
        whole = from_unit(to_unit(image.detach(), torch.float32), torch.uint8)
        pixels = whole.movedim(0, -1).contiguous().cpu().numpy()
        _core.augment(pixels, [policy.native for policy in self.augment], seed=seed, epoch=0, sample=0)
        return to_unit(torch.from_numpy(pixels).movedim(-1, 0).to(image.device), torch.float32)

    def extra_repr(self) -> str:
        """What was chosen."""
        return f"pictures={len(self.pictures)}, rounds={self.rounds}, beta={self.beta:g}, {super().extra_repr()}"


def _combine(how: Literal["add", "multiply"], one: Tensor, other: Tensor, weights: tuple[float, float]) -> Tensor:
    a, b = weights
    if how == "add":
        return (a * (2 * one - 1) + b * (2 * other - 1) + 1) / 2
    product: Any = (2 * one).clamp_min(1e-37) ** a * (2 * other).clamp_min(1e-37) ** b
    result: Tensor = product / 2
    return result
