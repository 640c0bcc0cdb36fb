"""The style of another image of the batch, painted by the network."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from impasto.checks import instance
from impasto.style.randomize.draw import Ratio, StylePlan
from impasto.style.randomize.randomizer import StyleRandomizer
from impasto.style.relatives.partners import PartnerPlan, draw_partners
from impasto.style.relatives.relative import Domains, Relative


class PartnerStyle(Relative[PartnerPlan]):
    """Paints images in the style of others of the batch: ``z = alpha * P(partner) + (1 - alpha) * P(image)``.

    What adaptive instance normalisation between samples does (Huang and Belongie 2017, arXiv 1703.06868), with the
    predictor's embedding in the place of the statistics. Styles stay within the data, or come from another domain.

    Args:
        stylize: Whose networks, strength and ratio it has.
        ratio: Instead of the randomizer's.
        seed: Key of the plans; the randomizer's by default.
        in_eval: Whether it stays on in evaluation mode.

    Raises:
        RecipeError: If a value makes no sense.

    Examples:
        >>> swap = PartnerStyle(StyleRandomizer.load(alpha=0.5))
        >>> swap(torch.rand(4, 3, 32, 32)).shape
        torch.Size([4, 3, 32, 32])
    """

    purpose = "partner styles"

    def __init__(
        self, stylize: StyleRandomizer, *, ratio: Ratio | None = None, seed: int | None = None, in_eval: bool = False
    ) -> None:
        instance("stylize", stylize, StyleRandomizer)
        seed = stylize.seed if seed is None else seed
        super().__init__(ratio=stylize.ratio if ratio is None else ratio, seed=seed, in_eval=in_eval)
        self.stylize = stylize

    def _draw(self, rng: np.random.Generator, count: int, share: float, domains: Domains | None) -> PartnerPlan:
        return draw_partners(rng, count, share=share, alpha=self.stylize.alpha, domains=domains)

    def _change(self, images: Tensor, plan: PartnerPlan) -> Tensor:
        lenders, place = torch.unique(plan.partners, return_inverse=True)
        lent = self.stylize.predict(images.index_select(0, lenders.to(images.device)))
        embeddings = lent.index_select(0, place.to(lent.device))
        everything = torch.arange(len(plan.rows))
        painted: Any = self.stylize(
            images.index_select(0, plan.rows.to(images.device)),
            StylePlan(len(everything), everything, embeddings, plan.alphas),
        )
        result: Tensor = painted
        return result
