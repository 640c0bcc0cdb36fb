"""Retrieval in two passes: towers order all candidates, and a model that looks at pairs orders the first of them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from impasto.checks import require
from impasto.progress import Progress, silent
from impasto_lab.metrics import Retrieval, retrieval
from impasto_lab.models import Albef, Vilt
from impasto_lab.tasks.evaluating import evaluating
from impasto_lab.tasks.held_out import HeldOut

#: From an image's number and captions' numbers [T] to how well each goes with it, [T].
Asked = Callable[[int, Tensor], Tensor]


def candidates(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k best captions of each image, and the k best images of each caption.

    Args:
        scores: [N, M] of the towers.
        k: At most as many as there are images, and captions.

    Returns:
        Two tables [N, M] bool.

    Raises:
        RecipeError: If there are fewer images or captions than k.
    """
    images, texts = scores.shape
    require_candidates(images, texts, k)
    of_images = torch.zeros_like(scores, dtype=torch.bool).scatter_(1, scores.topk(k, dim=1).indices, True)
    of_texts = torch.zeros_like(scores, dtype=torch.bool).scatter_(0, scores.topk(k, dim=0).indices, True)
    return of_images, of_texts


def require_candidates(images: int, texts: int, k: int) -> None:
    """Requires at least k images, and k captions.

    Raises:
        RecipeError: If there are fewer.
    """
    fewest = min(images, texts)
    require(1 <= k <= fewest, f"k={k} of {images} images and {texts} captions; use k={fewest} or fewer")


def search(
    held: HeldOut,
    model: Albef | Vilt,
    *,
    scores: Tensor | None = None,
    k: int | None = None,
    batch_size: int = 64,
    progress: Progress = silent,
) -> Retrieval:
    """Recalls of a model that is asked about pairs.

    A pair's answer is one number, whichever way it is looked for, so each is asked for once. What is no candidate comes
    after all candidates, and counts as a miss.

    Args:
        held: Images and captions.
        model: Is asked, on the device that it is on.
        scores: [N, M] of towers, by which candidates are chosen; None asks about all pairs.
        k: Candidates each way.
        batch_size: Pairs at a time.
        progress: Told after each image.

    Raises:
        RecipeError: If k is larger than the candidates.
    """
    to_texts, to_images = ask_pairs(held, model, scores=scores, k=k, batch_size=batch_size, progress=progress)
    return retrieval(to_texts.numpy(), held.image_of.numpy(), to_images=to_images.numpy())


def ask_pairs(
    held: HeldOut,
    model: Albef | Vilt,
    *,
    scores: Tensor | None = None,
    k: int | None = None,
    batch_size: int = 64,
    progress: Progress = silent,
) -> tuple[Tensor, Tensor]:
    """What `search` asks.

    Returns:
        Two tables [N, M] of how well pairs go together: of each image's candidates, and of each caption's; -inf
        elsewhere.

    Raises:
        RecipeError: If k is larger than the candidates.
    """
    everything = torch.ones(len(held.images), len(held.captions), dtype=torch.bool)
    of_images = of_texts = everything
    if scores is not None:
        of_images, of_texts = candidates(scores, min(128, *scores.shape) if k is None else k)
    wanted = of_images | of_texts
    found = torch.full(wanted.shape, float("-inf"))
    with evaluating(model) as device:
        ask = (
            _ask_vilt(held, model, device, batch_size)
            if isinstance(model, Vilt)
            else _ask_fusion(held, model, device, batch_size)
        )
        for image, row in enumerate(wanted):
            texts = row.nonzero()[:, 0]
            if len(texts):
                found[image, texts] = ask(image, texts)
            progress(image + 1, len(wanted))
    return found.masked_fill(~of_images, float("-inf")), found.masked_fill(~of_texts, float("-inf"))


def _ask_fusion(held: HeldOut, model: Albef, device: torch.device, batch_size: int) -> Asked:
    """Encodings of all images and captions are made once, and kept on the CPU: N * (1 + P) * V + M * L * W numbers.

    Captions are kept as the fusion layers have them before they look at an image.
    """
    images = torch.cat(
        [model.towers.visual_encoder(part.to(device)).cpu() for part in torch.split(held.images, batch_size)]
    )  # [N, 1 + P, V]
    bert = model.towers.text_encoder.bert

    def prepare(ids: Tensor, mask: Tensor) -> Tensor:
        return bert.before_images(bert(ids, mask), mask).cpu()

    ids_masks = zip(*(torch.split(part, batch_size) for part in (held.input_ids, held.attention_mask)), strict=True)
    texts = torch.cat([prepare(ids.to(device), mask.to(device)) for ids, mask in ids_masks])  # [M, L, W]

    def ask(image: int, rows: Tensor) -> Tensor:
        shown = images[image : image + 1].to(device)  # [1, 1 + P, V]
        return _in_parts(
            rows,
            held.attention_mask,
            batch_size,
            lambda part, mask: model.itm_head(
                bert.fuse_first(texts[part, : mask.shape[1]].to(device), mask.to(device), shown)
            ),
        )

    return ask


def _ask_vilt(held: HeldOut, model: Vilt, device: torch.device, batch_size: int) -> Asked:
    """The stream takes words and patches; what each begins with is embedded once, an image's when its turn comes."""
    ids = torch.split(held.input_ids, batch_size)
    words = torch.cat([model.embed_words(part.to(device)).cpu() for part in ids])  # [M, L, W]

    def ask(image: int, rows: Tensor) -> Tensor:
        patches = model.embed_patches(held.images[image : image + 1].to(device))  # [1, 1 + P, W]

        def judged(part: Tensor, mask: Tensor) -> Tensor:
            mixed, _ = model.mix(words[part, : mask.shape[1]].to(device), patches, mask.to(device))
            return model.judged(mixed)

        return _in_parts(rows, held.attention_mask, batch_size, judged)

    return ask


def _in_parts(rows: Tensor, masks: Tensor, batch_size: int, judge: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """[T] of captions' numbers [T]: the logit of "yes"; captions of a length go together, without padding behind."""
    lengths = masks[rows].sum(dim=1)  # [T]
    order = lengths.argsort(stable=True)
    found = torch.empty(len(rows))
    for part in torch.split(order, batch_size):
        mask = masks[rows[part], : int(lengths[part].max())]
        found[part] = judge(rows[part], mask)[:, 1].float().cpu()
    return found
