"""Heads that judge sentences: of an image, or of a pair of images."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.checks import require
from impasto_lab.models.albef import Albef, Towers
from impasto_lab.models.blocks.bert import initializer
from impasto_lab.models.heads.head import Head
from impasto_lab.models.momentum import follow, slow_copy


class Judge(nn.Module):
    """What is trained of a `FusionClassifier`, and what its slow copy copies, beside the towers."""

    def __init__(self, towers: Towers, width: int, classes: int, images: int) -> None:
        super().__init__()
        bert = towers.text_encoder.bert
        #: The fusion layers once more, for the second image.
        self.second = copy.deepcopy(bert.encoder.layer[bert.text_layers :]) if images == 2 else None
        self.classes = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, classes))
        self.classes.apply(initializer(width))

    def forward(self, towers: Towers, images: tuple[Tensor, ...], input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits [B, C]."""
        bert = towers.text_encoder.bert
        seen = attention_mask.bool()
        hidden = bert(input_ids, attention_mask)  # [B, L, W]
        encoded = [towers.visual_encoder(shown) for shown in images]  # [B, 1 + P, V] each
        if self.second is None:
            hidden = bert.fuse(hidden, attention_mask, encoded[0])
        else:
            for first, second in zip(bert.encoder.layer[bert.text_layers :], self.second, strict=True):
                hidden = second(first(hidden, seen, encoded[0]), seen, encoded[1])
        logits: Tensor = self.classes(hidden[:, 0])
        return logits


class FusionClassifier(Head):
    """An ALBEF or a TCL that judges a sentence by its fused token (Li et al. 2021, section 4).

    Of a pair, each fusion layer is there twice: the first looks at the left image, its copy at the right one. The paper
    has the two share what looks at images (and trains that on a task of its own first); here they begin alike and part.

    Args:
        base: The model.
        classes: Scores that it gives.
        images: 1 or 2.
    """

    base: Albef

    def __init__(self, base: Albef, classes: int, images: int = 1) -> None:
        super().__init__(base, classes=classes, images=images)
        require(images in (1, 2), f"images={images} must be 1 or 2")
        self.judge = Judge(base.towers, base.settings.text_width, classes, images)
        self.teacher = slow_copy(self.judge)

    def forward(self, images: tuple[Tensor, ...], input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits [B, C] of one or two images [B, 3, H, W] with sentences [B, L]."""
        logits: Tensor = self.judge(self.base.towers, images, input_ids, attention_mask)
        return logits

    def loss(
        self, images: tuple[Tensor, ...], input_ids: Tensor, attention_mask: Tensor, labels: Tensor, *, alpha: float
    ) -> tuple[Tensor, Tensor]:
        """The loss of labels [B], with the teacher's opinion mixed in by its weight, and the logits [B, C]."""
        logits = self(images, input_ids, attention_mask)
        loss = functional.cross_entropy(logits, labels)
        if alpha > 0:
            with torch.no_grad():
                taught = self.teacher(self.base.teacher, images, input_ids, attention_mask)
            loss = (1 - alpha) * loss + alpha * functional.cross_entropy(logits, taught.softmax(dim=-1))
        return loss, logits

    def follow(self) -> None:
        """Moves the slow copies."""
        self.base.follow()
        follow(self.teacher, self.judge, self.base.settings.momentum)
