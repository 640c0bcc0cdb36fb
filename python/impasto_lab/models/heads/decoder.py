"""A decoder that tells words one after another, with an eye on what was read."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto_lab.models.albef import Towers
from impasto_lab.models.blocks import WordHead
from impasto_lab.models.blocks.bert import BertEmbeddings, BertLayer, initializer
from impasto_lab.models.settings import FusionSettings


class Decoder(nn.Module):
    """A causal BERT that looks at a text that an image was fused into (Li et al. 2021, section 4).

    Args:
        settings: Sizes of the ALBEF whose fusion layers it is like.
    """

    def __init__(self, settings: FusionSettings) -> None:
        super().__init__()
        width = settings.text_width
        self.embeddings = BertEmbeddings(settings.vocabulary, width, settings.text_length, settings.dropout)
        self.layers = nn.ModuleList(
            BertLayer(width, settings.text_heads, settings.dropout, width, causal=True)
            for _ in range(settings.fusion_layers)
        )
        self.head = WordHead(width, settings.vocabulary, tied=True)
        self.apply(initializer(width))

    @torch.no_grad()
    def begin_as(self, towers: Towers) -> None:
        """Takes the weights of fusion layers, embeddings and word head; what has another shape there stays drawn."""
        bert = towers.text_encoder.bert
        pairs: list[tuple[nn.Module, nn.Module]] = [
            (self.embeddings, bert.embeddings),
            (self.head, towers.text_encoder.cls.predictions),
            *zip(self.layers, bert.encoder.layer[bert.text_layers :], strict=True),
        ]
        for own, other in pairs:
            given = dict(other.named_parameters())
            for name, parameter in own.named_parameters():
                if given[name].shape == parameter.shape:
                    parameter.copy_(given[name])

    def forward(self, input_ids: Tensor, read: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits [B, L, V] of the word behind each place of ids [B, L], given texts [B, M, W] and mask [B, M]."""
        hidden = self.embeddings(input_ids)
        for layer in self.layers:
            hidden = layer(hidden, None, read, attention_mask.bool())
        logits: Tensor = self.head(hidden, self.embeddings.word_embeddings.weight)
        return logits


def sequence_losses(logits: Tensor, input_ids: Tensor, mask: Tensor, taught: Tensor | None, alpha: float) -> Tensor:
    """[B] the sum over a sequence's words, but the first, of their cross entropies.

    Args:
        logits: [B, L, V] of the word behind each place.
        input_ids: [B, L].
        mask: [B, L], 1 at words and 0 behind them.
        taught: [B, L, V], a teacher's logits, or None.
        alpha: The teacher's weight, in [0, 1].
    """
    logits, wanted, real = logits[:, :-1], input_ids[:, 1:], mask[:, 1:]
    losses = functional.cross_entropy(logits.transpose(1, 2), wanted, reduction="none")  # [B, L - 1]
    if taught is not None and alpha > 0:
        soft = taught[:, :-1].softmax(dim=-1)
        losses = (1 - alpha) * losses - alpha * (soft * logits.log_softmax(dim=-1)).sum(dim=-1)
    return (losses * real).sum(dim=1)


def sequence_likelihoods(logits: Tensor, input_ids: Tensor, mask: Tensor) -> Tensor:
    """[B] the log-likelihood of each sequence's words, but the first; arguments as `sequence_losses`'."""
    return -sequence_losses(logits, input_ids, mask, None, 0.0)
