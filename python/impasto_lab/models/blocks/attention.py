"""Attention, fused by torch, or step by step where its map is wanted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional


class Attending(nn.Module):
    """What all attentions share: softmax(Q K' / sqrt(D)) V in several heads (Vaswani et al. 2017, equation 1).

    Args:
        heads: Into which the width is divided.
        dropout: Share of the map's entries that training drops.
    """

    def __init__(self, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.dropout_rate = dropout
        self.keep: Callable[[Tensor], None] | None = None

    def attend(
        self, queries: Tensor, keys: Tensor, values: Tensor, seen: Tensor | None = None, *, causal: bool = False
    ) -> Tensor:
        """Mixes values.

        Args:
            queries: [B, L, W].
            keys: [B, M, W]; [1, M, W] are looked at by every row.
            values: [B, M, W], or [1, M, W].
            seen: [B, M] bool, the keys that are looked at; None is all.
            causal: Look at no key behind the query's own place; without ``seen``.

        Returns:
            [B, L, W].
        """
        queries, keys, values = (self._split(part) for part in (queries, keys, values))
        keys, values = (part.expand(len(queries), -1, -1, -1) for part in (keys, values))  # one row is for all
        dropout = self.dropout_rate if self.training else 0.0
        mask = None if seen is None else seen[:, None, None, :]  # [B, 1, 1, M]
        if self.keep is None:
            mixed = functional.scaled_dot_product_attention(
                queries, keys, values, attn_mask=mask, dropout_p=dropout, is_causal=causal
            )
        else:
            logits = queries @ keys.mT / math.sqrt(queries.shape[-1])  # [B, heads, L, M]
            if causal:
                mask = torch.ones(logits.shape[-2:], dtype=torch.bool, device=logits.device).tril()
            if mask is not None:
                logits = logits.masked_fill(~mask, float("-inf"))
            attention = logits.softmax(dim=-1)
            self.keep(attention)
            mixed = functional.dropout(attention, dropout) @ values
        return mixed.transpose(1, 2).flatten(2)

    def _split(self, part: Tensor) -> Tensor:
        """From [B, L, W] to [B, heads, L, W / heads]."""
        return part.reshape(*part.shape[:2], self.heads, -1).transpose(1, 2)


@contextmanager
def kept_attention(module: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Attention maps of what is computed inside, before dropout; they are parts of the graph, so gradients reach them.

    Args:
        module: The model, or a part of it.

    Yields:
        The maps [B, heads, L, M] by the names of their attentions in the module, of the last time that each ran.
    """
    maps: dict[str, Tensor] = {}
    parts = [(name, part) for name, part in module.named_modules() if isinstance(part, Attending)]
    for name, part in parts:
        part.keep = partial(maps.__setitem__, name)
    try:
        yield maps
    finally:
        for _, part in parts:
            part.keep = None
