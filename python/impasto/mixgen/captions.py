"""Captions and ids of a mixed batch, put together as a plan says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt

from impasto import _core
from impasto.errors import RecipeError
from impasto.plan import MixPlan

if TYPE_CHECKING:
    import torch

Int64 = npt.NDArray[np.int64]


def join(first: str, second: str, by: str = " ") -> str:
    """Joins two captions as MixGen does; an empty one is not joined.

    Examples:
        >>> join("a cat on a mat", "a red bus")
        'a cat on a mat a red bus'
    """
    return _core.join(first, second, by)


def mix_captions(captions: Sequence[str], plan: MixPlan) -> list[str]:
    """Mixes captions as strings; what is kept of them is counted in words.

    Args:
        captions: B captions.
        plan: As from `plan_at` or `Batch.plan`.

    Returns:
        B new captions.

    Raises:
        RecipeError: If there are not as many captions as rows in the plan, or one is not a string.

    Examples:
        >>> from impasto import MixGen, mixgen
        >>> mix_captions(["a cat", "a dog", "a bus", "a mug"], mixgen.plan_at(MixGen(ratio=0.5), batch_size=4))
        ['a cat a bus', 'a dog a mug', 'a bus', 'a mug']
    """
    if isinstance(captions, str) or len(captions) != len(plan):
        raise RecipeError(f"captions must be {len(plan)} strings, one for each row of the plan")
    for row, caption in enumerate(captions):
        if not isinstance(caption, str):
            raise RecipeError(f"captions[{row}] is {caption!r}, not a string; each sample needs a caption to be mixed")
    return [_mixed_caption(captions, plan, row) for row in range(len(plan))]


def _mixed_caption(captions: Sequence[str], plan: MixPlan, row: int) -> str:
    own, partner = captions[row], captions[int(plan.partners[row])]
    return _core.mix_captions(plan.words[row], **_kept(plan, row), join=plan.join, own=own, partner=partner)


class _Kept(TypedDict):
    shares: tuple[float, float]
    seed: int


def _kept(plan: MixPlan, row: int) -> _Kept:
    shares = (float(plan.shares[row, 0]), float(plan.shares[row, 1]))
    return {"shares": shares, "seed": int(plan.seeds[row])}


class Spliced(NamedTuple):
    """Ids of B mixed captions.

    Attributes:
        input_ids: [B, L] int64.
        attention_mask: [B, L], 1 at tokens and 0 at padding.
        lost: [B] int64: tokens that did not fit.
        sources: [B, L] int64: where each id was taken from, as ``row * L + column``; -1 at padding.
    """

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    lost: torch.Tensor
    sources: torch.Tensor


def splice(
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    plan: MixPlan,
    *,
    end: bool = True,
    balance: bool = False,
) -> Spliced:
    """Mixes captions that are ids already: begin, own content, partner's content, end, padding.

    On text that tokenises the same after joining, the ids are those of the joined caption.

    Args:
        input_ids: [B, L] int64 on any device; each row starts with the same token.
        attention_mask: [B, L] int64 or bool: a row's tokens, then padding.
        plan: As from `plan_at` or `Batch.plan`.
        end: Whether each row ends with the same special token, as CLIP's and BERT's do; ALBEF's don't.
        balance: Cut both captions in proportion where they don't fit together, instead of the end of the second.

    Returns:
        New tensors on the same device.

    Raises:
        RecipeError: If shapes don't fit, or rows lack the tokens that splicing goes by.
    """
    import torch

    if input_ids.ndim != 2 or input_ids.shape != attention_mask.shape or len(input_ids) != len(plan):
        shapes = f"{list(input_ids.shape)} and {list(attention_mask.shape)}"
        raise RecipeError(f"input_ids and attention_mask must be [B, L] with B={len(plan)}, not {shapes}")
    ids, mask = input_ids.cpu().numpy(), attention_mask.cpu().numpy() != 0
    sources, lost = draw_places(attention_mask, plan, end=end, balance=balance)
    _check_tokens(ids, mask.sum(axis=1), end)
    pad = int(ids[~mask][0]) if not mask.all() else 0
    new_ids = np.where(sources >= 0, ids.reshape(-1)[sources], pad)
    device = input_ids.device
    return Spliced(
        torch.from_numpy(new_ids).to(device),
        torch.from_numpy(sources >= 0).to(device, attention_mask.dtype),
        torch.from_numpy(lost).to(device),
        torch.from_numpy(sources).to(device),
    )


def draw_places(
    attention_mask: torch.Tensor, plan: MixPlan, *, end: bool = True, balance: bool = False
) -> tuple[Int64, Int64]:
    """Where `splice` takes each id from; it looks at the mask alone.

    Args:
        attention_mask: [B, L]: a row's tokens, then padding.
        plan: As in `splice`, like what follows.
        end: Likewise.
        balance: Likewise.

    Returns:
        [B, L] places as ``row * L + column``, -1 at padding; and [B] how many tokens did not fit.

    Raises:
        RecipeError: If the mask is of another batch, or not ones and then zeros; or if the plan joins by words.
    """
    if plan.join.strip():
        raise RecipeError(
            f"join={plan.join!r} stands between strings, not ids; mix captions and tokenize them after it"
        )
    mask = attention_mask.cpu().numpy() != 0
    if mask.ndim != 2 or len(mask) != len(plan):
        raise RecipeError(f"attention_mask must be [B, L] with B={len(plan)}, not {list(attention_mask.shape)}")
    rows, length = mask.shape
    lengths = mask.sum(axis=1)
    _check_mask(mask, lengths, end)
    room = length - 1 - end
    sources = np.where(mask, np.arange(rows * length).reshape(rows, length), -1)
    lost = np.zeros(rows, np.int64)
    for row in np.flatnonzero(plan.mixed).tolist():
        partner = int(plan.partners[row])
        own, other = int(lengths[row]) - 1 - end, int(lengths[partner]) - 1 - end
        places = _core.kept_places(plan.words[row], **_kept(plan, row), own=own, partner=other)
        if balance and plan.words[row] == "both":
            balanced = _core.balanced_places(own=own, partner=other, room=room)
            lost[row], places = (0, places) if balanced is None else (len(places) - room, balanced)
        lost[row] = max(lost[row], len(places) - room)
        places = places[:room]
        flat = np.where(places < own, row * length + 1 + places, partner * length + 1 + places - own)
        last = [row * length + lengths[row] - 1] if end else []
        taken = np.concatenate([[row * length], flat, last]).astype(np.int64)
        sources[row, : len(taken)] = taken
        sources[row, len(taken) :] = -1
    return sources, lost


def _ends(end: bool) -> str:
    return "begin and end tokens" if end else "a begin token"


def _check_mask(mask: npt.NDArray[np.bool_], lengths: Int64, end: bool) -> None:
    if not (mask == (np.arange(mask.shape[1]) < lengths[:, None])).all():
        raise RecipeError("attention_mask must be ones and then zeros in each row; pad on the right")
    if len(mask) and lengths.min() < 1 + end:
        raise RecipeError(f"input_ids: row {int(lengths.argmin())} has no {_ends(end)}; tokenise with special tokens")


def _check_tokens(ids: Int64, lengths: Int64, end: bool) -> None:
    if not len(ids):
        return
    same_begin = (ids[:, 0] == ids[0, 0]).all()
    last = ids[np.arange(len(ids)), lengths - 1]
    if not same_begin or (end and not (last == last[0]).all()):
        raise RecipeError(
            f"input_ids: the rows don't share {_ends(end)}, which splicing goes by; tokenise with special tokens, "
            "or pass end=False for a tokenizer without an end token (ALBEF's)"
        )
