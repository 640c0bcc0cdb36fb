"""Heads that answer questions: ALBEF's and TCL's decoder, ViLT's classifier."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from impasto.checks import require
from impasto_lab.models.albef import Albef
from impasto_lab.models.blocks.bert import initializer
from impasto_lab.models.heads.decoder import Decoder, sequence_likelihoods, sequence_losses
from impasto_lab.models.heads.head import Head
from impasto_lab.models.momentum import follow, slow_copy
from impasto_lab.models.vilt import Vilt


class Telling(Head):
    """An ALBEF or a TCL with a decoder, which tells an answer, or a caption, of what was read (section 4).

    Args:
        base: The model.
    """

    base: Albef

    def __init__(self, base: Albef) -> None:
        super().__init__(base)
        self.decoder = Decoder(base.settings)
        self.decoder.begin_as(base.towers)
        self.teacher = slow_copy(self.decoder)

    def read(self, images: Tensor, input_ids: Tensor, attention_mask: Tensor, *, taught: bool = False) -> Tensor:
        """From images [B, 3, H, W] and texts [B, M] to the texts with the images fused in, [B, M, W].

        Args:
            images: Normalised.
            input_ids: The texts.
            attention_mask: Their mask.
            taught: Read as the slow copy does.
        """
        towers = self.base.teacher if taught else self.base.towers
        bert = towers.text_encoder.bert
        fused: Tensor = bert.fuse(bert(input_ids, attention_mask), attention_mask, towers.visual_encoder(images))
        return fused

    def forward(
        self,
        images: Tensor,
        question: tuple[Tensor, Tensor],
        answer: tuple[Tensor, Tensor],
        rows: Tensor,
        *,
        alpha: float,
    ) -> Tensor:
        """[A] losses of A answers.

        Args:
            images: [B, 3, H, W].
            question: Ids and mask [B, M].
            answer: Ids and mask [A, L], from ``[CLS]`` to ``[SEP]``.
            rows: [A] int64, the question that each is an answer to.
            alpha: The teacher's weight, in [0, 1].
        """
        logits = self.decoder(answer[0], self.read(images, *question)[rows], question[1][rows])
        taught = None
        if alpha > 0:
            with torch.no_grad():
                read = self.read(images, *question, taught=True)[rows]
                taught = self.teacher(answer[0], read, question[1][rows])
        return sequence_losses(logits, *answer, taught, alpha)

    def rank(
        self,
        read: Tensor,
        attention_mask: Tensor,
        answers: tuple[Tensor, Tensor],
        *,
        k: int,
        first: str = "once",
    ) -> tuple[Tensor, Tensor]:
        """The likeliest of a list of answers.

        The k answers whose first word is the likeliest are looked at whole.

        Args:
            read: [B, M, W] from `read`.
            attention_mask: [B, M].
            answers: Ids and mask [A, L], from ``[CLS]`` to ``[SEP]``.
            k: At most A.
            first: ``"once"``, or ``"twice"`` to count the first word's likelihood twice, as the published code does.

        Returns:
            Their log-likelihoods [B, k] and their numbers [B, k].

        Raises:
            RecipeError: If there are fewer answers than k.
        """
        ids, mask = answers
        require(1 <= k <= len(ids), f"k={k} of {len(ids)} answers; use k={len(ids)} or fewer")
        begin = ids[:1, :1].expand(len(read), 1)  # every answer begins with [CLS]
        words = self.decoder(begin, read, attention_mask)[:, 0].log_softmax(dim=-1)  # [B, V]
        chances = words[:, ids[:, 1]]  # [B, A]
        best, numbers = chances.topk(k, dim=1)
        asked = numbers.flatten()
        rows = torch.arange(len(read), device=read.device).repeat_interleave(k)
        logits = self.decoder(ids[asked], read[rows], attention_mask[rows])  # [B * k, L, V]
        likely = sequence_likelihoods(logits, ids[asked], mask[asked]).view(-1, k)
        return (likely + best if first == "twice" else likely), numbers

    def follow(self) -> None:
        """Moves the slow copies."""
        self.base.follow()
        follow(self.teacher, self.decoder, self.base.settings.momentum)


class ViltClassifier(Head):
    """A ViLT with a classifier on its pooled token (Kim et al. 2021, section 4.2).

    Args:
        base: The model.
        classes: Scores that it gives.
        images: Images that it looks at, each with the text by itself; their pooled tokens are put side by side.
    """

    base: Vilt

    def __init__(self, base: Vilt, classes: int, images: int = 1) -> None:
        super().__init__(base, classes=classes, images=images)
        width = base.settings.width * images
        inner = 2 * base.settings.width
        self.classifier = nn.Sequential(
            nn.Linear(width, inner), nn.LayerNorm(inner), nn.GELU(), nn.Linear(inner, classes)
        )
        self.classifier.apply(initializer(base.settings.width))
        # The second image has a type of its own, which begins as the first's (Kim et al. 2021, section 4.2).
        self.types = nn.Parameter(base.token_type_embeddings.weight[1:2].detach().repeat(images - 1, 1))

    def forward(self, images: tuple[Tensor, ...], input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits [B, C] of images [B, 3, H, W], as many as the classifier is for, with texts [B, L]."""
        words = self.base.embed_words(input_ids)
        pooled = []
        for number, shown in enumerate(images):
            patches = self.base.embed_patches(shown)
            if number:
                patches = patches + self.types[number - 1] - self.base.token_type_embeddings.weight[1]
            mixed, _ = self.base.mix(words, patches, attention_mask)
            pooled.append(self.base.pooler(mixed[:, 0]))
        logits: Tensor = self.classifier(torch.cat(pooled, dim=1))
        return logits
