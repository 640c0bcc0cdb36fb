"""ALBEF (Li et al. 2021): align before fuse, with a slow copy that teaches and a queue of negatives."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.batch import BatchId
from impasto.streams import stream
from impasto_lab.models.blocks import Bert, VisionTransformer, WordHead
from impasto_lab.models.losses import hard_negatives, masked_word_loss, matching_loss, taught_targets
from impasto_lab.models.masking import MaskedWords, Words, mask_words
from impasto_lab.models.momentum import follow, slow_copy
from impasto_lab.models.queue import FeatureQueue
from impasto_lab.models.settings import FusionSettings

#: Between which the temperature is kept.
TEMPERATURES = (0.001, 0.5)


@dataclass(frozen=True, eq=False)
class FusionDraw:
    """What is drawn for a step of ALBEF or TCL.

    Attributes:
        masked: The captions with words to tell.
        images: [B] in [0, 1): the place in each caption's distribution over the other images that is taken.
        texts: [B] in [0, 1): likewise of each image over the other captions.
    """

    masked: MaskedWords
    images: Tensor
    texts: Tensor

    @classmethod
    def of(cls, input_ids: Tensor, words: Words, *, seed: int, id: BatchId) -> FusionDraw:
        """Draws for a batch, by the batch's id."""
        masked = mask_words(input_ids, words, stream(seed, "masked words", id.epoch, id.step))
        negatives = torch.from_numpy(stream(seed, "hard negatives", id.epoch, id.step).random((2, len(input_ids))))
        return cls(masked, *negatives.to(input_ids.device))


@dataclass(frozen=True, eq=False)
class Seen:
    """What towers make of a batch.

    Attributes:
        image: [B, 1 + P, V], the image's token and its patches.
        text: [B, L, W], the caption's tokens.
        image_features: [B, D] of length 1.
        text_features: [B, D] of length 1.
    """

    image: Tensor
    text: Tensor
    image_features: Tensor
    text_features: Tensor


class Towers(nn.Module):
    """The networks that the model and its slow copy have both; their parts have the names of the published files."""

    def __init__(self, settings: FusionSettings) -> None:
        super().__init__()
        self.visual_encoder = VisionTransformer(
            image_size=settings.image_size,
            patch=settings.patch,
            width=settings.image_width,
            layers=settings.image_layers,
            heads=settings.image_heads,
        )
        self.text_encoder = TextEncoder(settings)
        self.vision_proj = nn.Linear(settings.image_width, settings.dim)
        self.text_proj = nn.Linear(settings.text_width, settings.dim)

    def forward(self, images: Tensor, input_ids: Tensor, attention_mask: Tensor) -> Seen:
        """Images [B, 3, H, W] and captions [B, L], each by itself."""
        image, text = self.visual_encoder(images), self.text_encoder.bert(input_ids, attention_mask)
        return Seen(image, text, self.image_features(image[:, 0]), self.text_features(text[:, 0]))

    def image_features(self, hidden: Tensor) -> Tensor:
        """From an image's vectors [..., V] to the common space: [..., D] of length 1."""
        return functional.normalize(self.vision_proj(hidden), dim=-1)

    def text_features(self, hidden: Tensor) -> Tensor:
        """From a caption's vectors [..., W] to the common space: [..., D] of length 1."""
        return functional.normalize(self.text_proj(hidden), dim=-1)

    def tell(self, masked: MaskedWords, attention_mask: Tensor, image: Tensor) -> Tensor:
        """Logits [M, V] of the masked words, in reading order over the rows; ``image`` is [B, 1 + P, V]."""
        bert = self.text_encoder.bert
        hidden = bert.fuse(bert(masked.input_ids, attention_mask), attention_mask, image)  # [B, L, W]
        table = bert.embeddings.word_embeddings.weight
        # The head is computed where a word is asked for, a seventh of the places.
        logits: Tensor = self.text_encoder.cls.predictions(hidden[masked.places], table)
        return logits


class TextEncoder(nn.Module):
    """BERT and its head for words, named as in files."""

    def __init__(self, settings: FusionSettings) -> None:
        super().__init__()
        self.bert = Bert(
            vocabulary=settings.vocabulary,
            length=settings.text_length,
            width=settings.text_width,
            heads=settings.text_heads,
            text_layers=settings.text_layers,
            fusion_layers=settings.fusion_layers,
            image_width=settings.image_width,
            dropout=settings.dropout,
        )
        self.cls = Predictions(settings.text_width, settings.vocabulary)


class Predictions(nn.Module):
    """The head for words, at the place that it has in files."""

    def __init__(self, width: int, vocabulary: int) -> None:
        super().__init__()
        self.predictions = WordHead(width, vocabulary, tied=True)


class Albef(nn.Module):
    """Image and text encoders, aligned by contrast, and layers that fuse them.

    `follow` is to be called after each step of the optimizer.

    Args:
        settings: The sizes.

    Attributes:
        towers: What gradients train.
        teacher: Its slow copy.
        temp: What similarities are divided by.
    """

    def __init__(self, settings: FusionSettings) -> None:
        super().__init__()
        self.settings = settings
        self.towers = Towers(settings)
        self.teacher = slow_copy(self.towers)
        self.queue = FeatureQueue(settings.dim, settings.queue)
        self.temp = nn.Parameter(torch.tensor(settings.temperature))
        self.itm_head = nn.Linear(settings.text_width, 2)

    def encode_images(self, images: Tensor) -> Tensor:
        """Embeds images [B, 3, H, W], normalised; gives [B, dim], of length 1."""
        return self.towers.image_features(self.towers.visual_encoder(images)[:, 0])

    def encode_texts(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Embeds captions, ids and mask [B, L]; gives [B, dim], of length 1."""
        return self.towers.text_features(self.towers.text_encoder.bert(input_ids, attention_mask)[:, 0])

    def match(self, images: Tensor, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits [B, 2] of whether images and captions belong together: of "no" and of "yes"."""
        text = self.towers.text_encoder.bert(input_ids, attention_mask)
        return self.fused(text, attention_mask, self.towers.visual_encoder(images))

    def tell(self, images: Tensor, masked: MaskedWords, attention_mask: Tensor) -> Tensor:
        """Logits [M, V] of the masked words, in reading order over the rows."""
        return self.towers.tell(masked, attention_mask, self.towers.visual_encoder(images))

    def forward(
        self,
        images: Tensor,
        input_ids: Tensor,
        attention_mask: Tensor,
        draw: FusionDraw,
        *,
        alpha: float,
        other_view: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """The losses of a batch; its features go into the queue.

        Args:
            images: [B, 3, H, W] float, normalised.
            input_ids: [B, L] int64.
            attention_mask: [B, L], 1 at tokens and 0 at padding.
            draw: What was drawn for the batch.
            alpha: The teacher's weight, in [0, 1].
            other_view: [B, 3, H, W], what the teacher sees; the images themselves by default.

        Returns:
            ``ita`` (contrast), ``itm`` (matching) and ``mlm`` (masked words), to be summed, and ``ita_entropy``, the
            least that ``ita``'s soft-target terms can come to.

        Raises:
            RecipeError: If there is one pair alone, or batches don't fill the queue.
        """
        seen = self.towers(images, input_ids, attention_mask)
        with torch.no_grad():
            taught = self.teacher(images if other_view is None else other_view, input_ids, attention_mask)
            logits = self.teacher.tell(draw.masked, attention_mask, taught.image)  # [M, V]
        losses, similarities = self.align(seen, taught, attention_mask, alpha)
        self.queue.add(taught.image_features, taught.text_features)
        losses["itm"] = self.matching(seen, attention_mask, similarities, (draw.images, draw.texts))
        told = self.towers.tell(draw.masked, attention_mask, seen.image)
        losses["mlm"] = masked_word_loss(told, draw.masked.labels[draw.masked.places], logits, alpha)
        return losses

    def align(
        self, seen: Seen, taught: Seen, attention_mask: Tensor, alpha: float, same: Tensor | None = None
    ) -> tuple[dict[str, Tensor], tuple[Tensor, Tensor]]:
        """The contrastive loss, and similarities [B, B + K] of images to texts and of texts to images.

        ``same``, [B, B + K] bool, says which columns show the row's image too; by default its own alone.
        """
        del attention_mask
        terms, entropy, similarities = self.contrast(seen, taught, alpha, same)
        return {"ita": torch.stack(terms).mean(), "ita_entropy": entropy}, similarities

    def contrast(
        self, seen: Seen, taught: Seen, alpha: float, same: Tensor | None = None
    ) -> tuple[list[Tensor], Tensor, tuple[Tensor, Tensor]]:
        """Image to text and text to image, against the batch and the queue, with the teacher's targets."""
        images, texts = self.candidates(taught)  # [D, B + K] each
        terms, entropies, similarities = [], [], []
        for own, slow, others in (
            (seen.image_features, taught.image_features, texts),
            (seen.text_features, taught.text_features, images),
        ):
            with torch.no_grad():
                targets = taught_targets(slow @ others / self.temp, alpha, same)
                entropies.append(torch.special.entr(targets).sum(dim=1).mean())
            logits = own @ others / self.temp  # [B, B + K]
            terms.append(functional.cross_entropy(logits, targets))
            similarities.append(logits)
        return terms, torch.stack(entropies).mean(), (similarities[0], similarities[1])

    def candidates(self, taught: Seen) -> tuple[Tensor, Tensor]:
        """The slow copy's features of this batch, then those of the queue, [D, B + K]: of images and of texts."""
        images = torch.cat([taught.image_features.T, self.queue.images], dim=1)
        return images, torch.cat([taught.text_features.T, self.queue.texts], dim=1)

    def matching(
        self,
        seen: Seen,
        attention_mask: Tensor,
        similarities: tuple[Tensor, Tensor],
        draws: tuple[Tensor, Tensor],
        same: Tensor | None = None,
    ) -> Tensor:
        """The matching loss: each pair, each caption with a wrong image, each image with a wrong caption.

        Args:
            seen: What the towers made of the batch.
            attention_mask: [B, L].
            similarities: Of images to texts and of texts to images, [B, B + K].
            draws: For each caption the place of its wrong image, for each image that of its caption, [B] in [0, 1).
            same: [B, B] bool, the rows that show one image; by default each alone.
        """
        count = len(seen.image)
        to_texts, to_images = (table[:, :count] for table in similarities)
        images, texts = (hard_negatives(*given, same) for given in zip((to_images, to_texts), draws, strict=True))
        text = torch.cat([seen.text, seen.text, seen.text[texts]])  # [3B, L, W]
        mask = torch.cat([attention_mask, attention_mask, attention_mask[texts]])
        image = torch.cat([seen.image, seen.image[images], seen.image])
        matched = torch.arange(3 * count, device=text.device) < count
        return matching_loss(self.fused(text, mask, image), matched)

    def fused(self, text: Tensor, attention_mask: Tensor, image: Tensor) -> Tensor:
        """Logits [B, 2] of "no" and of "yes", from captions [B, L, W] and images [B, 1 + P, V] (or one for all)."""
        logits: Tensor = self.itm_head(self.towers.text_encoder.bert.fuse(text, attention_mask, image)[:, 0])
        return logits

    @torch.no_grad()
    def follow(self) -> None:
        """Moves the slow copy after the weights, and keeps the temperature within its bounds."""
        follow(self.teacher, self.towers, self.settings.momentum)
        self.temp.clamp_(*TEMPERATURES)
