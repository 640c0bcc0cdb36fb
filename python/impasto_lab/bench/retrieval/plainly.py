"""Re-ranking as a loop would have it: each way by itself, each pair from its pixels and its words."""

from __future__ import annotations

import torch
from torch import Tensor

from impasto_lab.models import Albef
from impasto_lab.tasks import HeldOut
from impasto_lab.tasks.downstream.searching import candidates


@torch.no_grad()
def ask_plainly(held: HeldOut, model: Albef, scores: Tensor, *, k: int, batch_size: int) -> tuple[Tensor, Tensor]:
    """Two tables [N, M] of how well pairs go together: of each image's k candidates, and of each caption's.

    Args:
        held: Images and captions.
        model: Is asked about whole pairs, ``batch_size`` at a time.
        scores: [N, M] of its towers.
        k: Candidates each way.
        batch_size: Pairs at a time.
    """
    tables = []
    for chosen in candidates(scores, k):
        found = torch.full(chosen.shape, float("-inf"))
        for pairs in torch.split(chosen.nonzero(), batch_size):
            images, texts = pairs.T
            asked = model.match(held.images[images], held.input_ids[texts], held.attention_mask[texts])
            found[images, texts] = asked[:, 1]
        tables.append(found)
    return tables[0], tables[1]
