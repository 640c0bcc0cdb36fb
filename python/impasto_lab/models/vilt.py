"""ViLT (Kim et al. 2021): words and patches in one stream, without an image encoder of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from impasto.batch import BatchId
from impasto.checks import require
from impasto.streams import stream
from impasto_lab.models.blocks import VisionTransformer, WordHead
from impasto_lab.models.blocks.bert import BertEmbeddings, initializer
from impasto_lab.models.losses import masked_word_loss, matching_loss, word_patch_alignment
from impasto_lab.models.masking import MaskedWords, Words, mask_words
from impasto_lab.models.settings import ViltSettings

#: The weight of word-patch alignment beside the other losses.
ALIGNMENT = 0.1


@dataclass(frozen=True, eq=False)
class ViltDraw:
    """What is drawn for a step of ViLT.

    Attributes:
        masked: The captions with words to tell, whole ones.
        images: [B] int64, the row whose image each caption is shown with: its own for half of them, another for the
            rest.
    """

    masked: MaskedWords
    images: Tensor

    @classmethod
    def of(cls, input_ids: Tensor, words: Words, *, seed: int, id: BatchId) -> ViltDraw:
        """Draws for a batch, by the batch's id.

        The published code takes wrong images from the whole data set, here they are the batch's.

        Raises:
            RecipeError: If there is one caption alone.
        """
        count = len(input_ids)
        require(count > 1, "a batch of one pair has no wrong images; use a larger batch_size")
        masks = stream(seed, "masked words", id.epoch, id.step)
        draw = stream(seed, "wrong images", id.epoch, id.step)
        steps = draw.integers(1, count, size=count)
        steps[draw.permutation(count)[: count // 2]] = 0
        images = torch.from_numpy((np.arange(count) + steps) % count).to(input_ids.device)
        return cls(mask_words(input_ids, words, masks, whole=True), images)


class Vilt(nn.Module):
    """One transformer over a caption's words and an image's patches.

    The names of its parts are those of the published files. All patches go in, row by row, where the published code
    draws their order (and, above 200, their number).

    Args:
        settings: The sizes.
    """

    def __init__(self, settings: ViltSettings) -> None:
        super().__init__()
        self.settings = settings
        width = settings.width
        self.text_embeddings = BertEmbeddings(settings.vocabulary, width, settings.text_length, settings.dropout)
        self.token_type_embeddings = nn.Embedding(2, width)
        self.transformer = VisionTransformer(
            image_size=settings.image_size,
            patch=settings.patch,
            width=width,
            layers=settings.layers,
            heads=settings.heads,
            dropout=settings.dropout,
        )
        self.pooler = Pooler(width)
        self.mlm_score = WordHead(width, settings.vocabulary, tied=False)
        self.itm_score = MatchingHead(width)
        for part in (self.token_type_embeddings, self.pooler, self.itm_score):
            part.apply(initializer(width))

    def join(
        self, images: Tensor, input_ids: Tensor, attention_mask: Tensor, grids: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Runs pairs through the stream.

        Args:
            images: [B, 3, H, W] float, normalised.
            input_ids: [B, L] int64.
            attention_mask: [B, L], 1 at tokens and 0 at padding.
            grids: [B, 2] int64: rows and columns of patches from the upper left that are image, where the rest is
                padding; None is all.

        Returns:
            The words' vectors [B, L, W], those of the image's token and its patches [B, 1 + P, W], and [B, 1 + P] bool,
            which of them are no padding.
        """
        real = self._real(images, grids)  # [B, 1 + P]
        words, patches = self.embed_words(input_ids), self.embed_patches(images, grids)
        return *self.mix(words, patches, attention_mask, real), real

    def embed_words(self, input_ids: Tensor) -> Tensor:
        """From ids [B, L] to [B, L, W], as the stream takes them."""
        words: Tensor = self.text_embeddings(input_ids) + self.token_type_embeddings.weight[0]
        return words

    def embed_patches(self, images: Tensor, grids: Tensor | None = None) -> Tensor:
        """From images [B, 3, H, W] to [B, 1 + P, W], as the stream takes them."""
        return self.transformer.embed(images, grids) + self.token_type_embeddings.weight[1]

    def mix(
        self, words: Tensor, patches: Tensor, attention_mask: Tensor, real: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The stream: what `embed_words` and `embed_patches` gave, together through all blocks.

        Args:
            words: [B, L, W].
            patches: [B, 1 + P, W]; [1, 1 + P, W] are every row's.
            attention_mask: [B, L].
            real: [B, 1 + P] bool, the patches that are no padding; None is all.
        """
        patches = patches.expand(len(words), -1, -1)
        if real is None:
            real = torch.ones(patches.shape[:2], dtype=torch.bool, device=patches.device)
        hidden, seen = torch.cat([words, patches], dim=1), torch.cat([attention_mask.bool(), real], dim=1)
        for block in self.transformer.blocks:
            hidden = block(hidden, seen)
        hidden = self.transformer.norm(hidden)
        length = words.shape[1]
        return hidden[:, :length], hidden[:, length:]

    def _real(self, images: Tensor, grids: Tensor | None) -> Tensor:
        patch = self.settings.patch
        rows, columns = (torch.arange(side // patch, device=images.device) for side in images.shape[-2:])
        real = torch.ones(len(images), len(rows), len(columns), dtype=torch.bool, device=images.device)
        if grids is not None:
            real = (rows[:, None] < grids[:, :1, None]) & (columns < grids[:, 1:, None])  # [B, rows, columns]
        return torch.cat([torch.ones_like(real[:, :1, 0]), real.flatten(1)], dim=1)

    def match(self, images: Tensor, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits [B, 2] of whether images and captions belong together: of "no" and of "yes"; arguments as `join`'s."""
        words, _, _ = self.join(images, input_ids, attention_mask)
        return self.judged(words)

    def judged(self, words: Tensor) -> Tensor:
        """Logits [B, 2] of "no" and of "yes", from what `mix` made of the words, [B, L, W]."""
        logits: Tensor = self.itm_score(self.pooler(words[:, 0]))
        return logits

    def tell(self, images: Tensor, masked: MaskedWords, attention_mask: Tensor, grids: Tensor | None = None) -> Tensor:
        """Logits [M, V] of the masked words, in reading order over the rows."""
        words, _, _ = self.join(images, masked.input_ids, attention_mask, grids)
        logits: Tensor = self.mlm_score(words[masked.places])
        return logits

    def forward(
        self,
        images: Tensor,
        input_ids: Tensor,
        attention_mask: Tensor,
        draw: ViltDraw,
        grids: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """The losses of a batch: ``mlm``, ``itm`` and ``wpa`` (weighted); arguments as `join`'s, and what was drawn."""
        logits = self.tell(images, draw.masked, attention_mask, grids)
        masked = draw.masked
        mlm = masked_word_loss(logits, masked.labels[masked.places])
        shown, shown_grids = images[draw.images], None if grids is None else grids[draw.images]
        words, patches, real = self.join(shown, input_ids, attention_mask, shown_grids)
        matched = draw.images == torch.arange(len(images), device=images.device)  # [B]
        itm = matching_loss(self.itm_score(self.pooler(words[:, 0])), matched)
        with torch.autocast(images.device.type, enabled=False):
            wpa = word_patch_alignment(words, patches, inner_words(attention_mask), real & _not_first(real), matched)
        return {"mlm": mlm, "itm": itm, "wpa": ALIGNMENT * wpa}


def inner_words(attention_mask: Tensor) -> Tensor:
    """[B, L] bool: a caption's tokens without its first and its last, ``[CLS]`` and ``[SEP]``."""
    places = torch.arange(attention_mask.shape[1], device=attention_mask.device)
    return (places > 0) & (places < attention_mask.sum(dim=1, keepdim=True) - 1)


def _not_first(real: Tensor) -> Tensor:
    return torch.arange(real.shape[1], device=real.device) > 0


class Pooler(nn.Module):
    """A caption's first vector, once more projected."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, width)

    def forward(self, first: Tensor) -> Tensor:
        """From [B, W] to [B, W]."""
        pooled: Tensor = self.dense(first).tanh()
        return pooled


class MatchingHead(nn.Module):
    """Tells whether image and caption belong together."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc = nn.Linear(width, 2)

    def forward(self, pooled: Tensor) -> Tensor:
        """From [B, W] to logits [B, 2]."""
        logits: Tensor = self.fc(pooled)
        return logits
