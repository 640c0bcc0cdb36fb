"""The likeliest texts that a decoder tells, word by word: the first word each time, or a beam of texts."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from impasto.checks import at_least, require
from impasto_lab.models.heads.decoder import Decoder


@torch.no_grad()
def generate(
    decoder: Decoder,
    read: Tensor,
    attention_mask: Tensor,
    *,
    begin: int,
    end: int,
    beams: int = 1,
    length: int = 20,
    penalty: float = 1.0,
    forbidden: Sequence[int] = (),
) -> list[list[int]]:
    """The words told of each of B texts that were read, at least one and at most ``length``.

    A beam keeps the texts of the largest likelihood, whether they have ended or not; one beam is greedy. Of those that
    are kept, the one of the largest log-likelihood a word counts. Each word is told from all before it anew.

    Args:
        decoder: Tells.
        read: [B, M, W] from `Telling.read`.
        attention_mask: [B, M].
        begin: The id that texts begin with.
        end: The id that they end with.
        beams: Texts that are kept.
        length: Words at most.
        penalty: The log-likelihood is divided by the number of words, the end among them, to this power.
        forbidden: Ids that are never told.

    Returns:
        B lists of ids, without begin and end.

    Raises:
        RecipeError: If nothing can be told: by no beam, in no word, or in more words than the decoder has places.
    """
    at_least(1, beams=beams, length=length)
    require_length(decoder, length)
    count, device = len(read), read.device
    rows = torch.arange(count, device=device).repeat_interleave(beams)
    read, attention_mask = read[rows], attention_mask[rows]
    ids = torch.full((count * beams, 1), begin, device=device)
    done = torch.zeros(count * beams, dtype=torch.bool, device=device)
    words = torch.zeros(count * beams, device=device)
    totals = torch.full((count, beams), float("-inf"), device=device)
    totals[:, 0] = 0.0  # all beams begin alike
    barred = torch.tensor(sorted({begin, *forbidden}), device=device)
    for step in range(length + 1):
        logits = decoder(ids, read, attention_mask)[:, -1].float()  # [B * K, V]
        logits[:, barred] = float("-inf")
        if step == 0:
            logits[:, end] = float("-inf")
        likely = logits.log_softmax(dim=1)
        if step == length:
            likely = torch.where(torch.arange(likely.shape[1], device=device) == end, likely, float("-inf"))
        # A text that has ended goes on with its end, at no cost.
        likely[done] = float("-inf")
        likely[done, end] = 0.0
        vocabulary = likely.shape[1]
        sums = (totals[:, :, None] + likely.view(count, beams, vocabulary)).flatten(1)  # [B, K * V]
        totals, best = sums.topk(beams, dim=1)
        parents = (torch.arange(count, device=device)[:, None] * beams + best // vocabulary).flatten()
        told = (best % vocabulary).flatten()
        words = words[parents] + (~done[parents]).float()
        ids = torch.cat([ids[parents], told[:, None]], dim=1)
        done = done[parents] | (told == end)
        if bool(done.all()):
            break
    scores = totals / words.view(count, beams) ** penalty
    chosen = scores.argmax(dim=1) + torch.arange(count, device=device) * beams
    return [[id for id in row[1:] if id != end] for row in ids[chosen].tolist()]


def require_length(decoder: Decoder, length: int) -> None:
    """Requires that a decoder has places for so many words.

    Raises:
        RecipeError: If it has fewer.
    """
    most = decoder.embeddings.position_embeddings.num_embeddings
    require(length < most, f"length={length} of {most} places, of which the begin takes one; use {most - 1} or less")
