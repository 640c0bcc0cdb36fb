"""MixStyle: statistics of features mixed between samples, as a hook on a network's layers."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from impasto.batch import BatchId
from impasto.checks import is_number, probability, require
from impasto.errors import RecipeError
from impasto.recipe import Beta
from impasto.streams import stream
from impasto.style.randomize.batches import layout_of
from impasto.style.randomize.keyed import Keyed
from impasto.style.relatives.partners import PartnerPlan, draw_partners
from impasto.style.relatives.relative import Domains


class MixStyle(Keyed):
    """Mixes means and deviations of feature maps between the samples of a batch (Zhou et al. 2021, arXiv 2104.02008).

    ``(x - mu) / sigma * (lam sigma + (1 - lam) sigma') + lam mu + (1 - lam) mu'``, over height and width, where ``mu'``
    and ``sigma'`` are a partner's; no gradient passes through the statistics. It hangs on layers of any network, and is
    on where the layer trains::

        mixstyle = MixStyle(p=0.5, alpha=0.1)
        mixstyle.attach(net.layer1, net.layer2)
        for batch in loader:
            with mixstyle.at(batch.id):
                loss = criterion(net(batch.images), batch.labels)

    Within ``at`` what is drawn depends on the seed, the layer, the epoch and the step alone; without, calls are
    counted. Where activations are computed again in the backward pass (checkpointing), keep that within ``at``.

    A network's copy, by ``copy.deepcopy`` or pickle, has a copy of what hangs on it. Copy both together, ``net,
    mixstyle = copy.deepcopy((net, mixstyle))``, to have the one whose ``at`` it follows.

    Args:
        p: Probability that a layer's batch is mixed at all.
        alpha: Of ``lam``'s distribution Beta(alpha, alpha).
        seed: Key of the plans.

    Raises:
        RecipeError: If a value makes no sense.

    Examples:
        >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
        >>> mixstyle = MixStyle(p=1.0)
        >>> handles = mixstyle.attach(net[0])
        >>> with mixstyle.at(BatchId(epoch=0, step=7)):
        ...     net(torch.rand(2, 3, 8, 8)).shape
        torch.Size([2, 4, 6, 6])
    """

    purpose = "mixstyle"

    def __init__(self, *, p: float = 0.5, alpha: float = 0.1, seed: int = 0) -> None:
        super().__init__(seed)
        probability("p", p)
        require(is_number(alpha) and alpha > 0, f"alpha={alpha!r} must be above 0")
        self.p = p
        self.alpha = alpha
        self._layers = 0
        self._when: tuple[BatchId, Domains | None] | None = None

    def attach(self, *layers: nn.Module) -> list[RemovableHandle]:
        """Hangs it on layers whose output is [B, C, H, W]; ``handle.remove()`` takes it off again."""
        handles = []
        for layer in layers:
            if not isinstance(layer, nn.Module):
                raise RecipeError(f"{layer!r} is no layer; give modules, such as net.layer1")
            handles.append(layer.register_forward_hook(functools.partial(self._after, self._layers)))
            self._layers += 1
        return handles

    @contextlib.contextmanager
    def at(self, id: BatchId, *, domains: Domains | None = None) -> Iterator[None]:
        """Within it all layers draw for a batch.

        Args:
            id: When the batch comes, as `Batch.id` says.
            domains: [B] whole numbers: partners come from another domain (the paper's cross-domain form).
        """
        if not isinstance(id, BatchId):
            raise RecipeError(f"id must be a BatchId, such as batch.id, not {type(id).__name__}")
        before, self._when = self._when, (id, domains)
        try:
            yield
        finally:
            self._when = before

    def draw(self, count: int, *, layer: int = 0) -> PartnerPlan:
        """Draws for B = ``count`` rows of a layer, numbered as they were attached."""
        domains = None
        if self._when is None:
            rng = self._stream(None, None)
        else:
            id, domains = self._when
            rng = stream(self.seed, self.purpose, layer, id.epoch, id.step)
        share = 1.0 if rng.random() < self.p else 0.0
        return draw_partners(rng, count, share=share, alpha=Beta(self.alpha, self.alpha), domains=domains)

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def forward(self, features: Tensor, plan: PartnerPlan | None = None) -> Tensor:
        """Mixes the statistics of features.

        Args:
            features: [B, C, H, W], floating point.
            plan: What to do; drawn by default. Its alphas are the partner's weight, ``1 - lam``.

        Returns:
            [B, C, H, W], of the features' memory format.

        Raises:
            RecipeError: If features are not so, or the plan is another batch's.
        """
        return self._mixed(features, self.draw(len(features)) if plan is None else plan)

    def _mixed(self, features: Tensor, plan: PartnerPlan) -> Tensor:
        fits = isinstance(features, Tensor) and features.ndim == 4 and features.is_floating_point()
        require(fits, "features must be a floating point tensor [B, C, H, W]: each row mixes with another of the batch")
        require(len(plan) == len(features), f"a plan for {len(plan)} rows, of which there are {len(features)}")
        if not len(plan.rows):
            return features
        device = features.device
        rows, partners = plan.rows.to(device), plan.partners.to(device)
        wide = features.to(torch.promote_types(features.dtype, torch.float32))
        deviation, mean = torch.std_mean(wide.detach(), (2, 3), keepdim=True, correction=0)  # [B, C, 1, 1]
        deviation = (deviation.square() + 1e-6).sqrt()
        alphas = plan.alphas.to(device, wide.dtype)[:, None, None, None]
        own_mean, own_deviation = mean[rows], deviation[rows]
        scale = torch.lerp(own_deviation, deviation[partners], alphas) / own_deviation
        # A channel that is flat has a scale beyond half precision's range, and a mean that it would be rounded with.
        changed = torch.addcmul(torch.lerp(own_mean, mean[partners], alphas), wide[rows] - own_mean, scale)
        placed = features.index_copy(0, rows, changed.to(features.dtype))
        return placed.contiguous(memory_format=layout_of(features))

    # A method, since a network pickles with its hooks.
    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def _after(self, layer: int, module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> Tensor:  # noqa: ARG002  torch's signature
        return self._mixed(output, self.draw(len(output), layer=layer)) if module.training else output

    def extra_repr(self) -> str:
        """What was chosen."""
        return f"p={self.p:g}, alpha={self.alpha:g}, seed={self.seed}"
