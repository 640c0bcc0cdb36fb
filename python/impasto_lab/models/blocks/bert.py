"""BERT (Devlin et al. 2019), whose later layers may look at an image too, named as in BERT's and ALBEF's files."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.checks import require
from impasto_lab.models.blocks.attention import Attending
from impasto_lab.models.blocks.recomputing import Recomputable

#: Of BERT's norms.
EPS = 1e-12


class BertEmbeddings(nn.Module):
    """Words, their places and their segment (always the first), summed and normed.

    Args:
        vocabulary: Number of ids.
        width: Of the hidden vectors.
        length: The most tokens of a row.
        dropout: On the embeddings.
    """

    def __init__(self, vocabulary: int, width: int, length: int, dropout: float) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(vocabulary, width)
        self.position_embeddings = nn.Embedding(length, width)
        self.token_type_embeddings = nn.Embedding(2, width)
        self.LayerNorm = nn.LayerNorm(width, eps=EPS)
        self.dropout = nn.Dropout(dropout)
        self.apply(initializer(width))

    def forward(self, input_ids: Tensor) -> Tensor:
        """From ids [B, L] int64 to [B, L, W].

        Raises:
            RecipeError: If rows are longer than there are places.
        """
        length, most = input_ids.shape[1], self.position_embeddings.num_embeddings
        require(length <= most, f"rows of {length} tokens for a model of {most}; use TextRecipe(length={most})")
        places = self.position_embeddings.weight[:length] + self.token_type_embeddings.weight[0]  # [L, W]
        embedded: Tensor = self.dropout(self.LayerNorm(self.word_embeddings(input_ids) + places))
        return embedded


class BertSelfAttention(Attending):
    """Attention of tokens to each other, or to an image's."""

    def __init__(self, width: int, heads: int, source_width: int, dropout: float) -> None:
        super().__init__(heads, dropout)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(source_width, width)
        self.value = nn.Linear(source_width, width)

    def forward(self, hidden: Tensor, source: Tensor, seen: Tensor | None, *, causal: bool = False) -> Tensor:
        """From [B, L, W] and what is looked at, [B, M, V], to [B, L, W]."""
        return self.attend(self.query(hidden), self.key(source), self.value(source), seen, causal=causal)


class BertOutput(nn.Module):
    """A projection beside a shortcut, then a norm."""

    def __init__(self, inputs: int, width: int, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(inputs, width)
        self.LayerNorm = nn.LayerNorm(width, eps=EPS)
        self.dropout = nn.Dropout(dropout)

    def forward(self, inner: Tensor, hidden: Tensor) -> Tensor:
        """From [B, L, inputs] beside [B, L, W] to [B, L, W]."""
        normed: Tensor = self.LayerNorm(self.dropout(self.dense(inner)) + hidden)
        return normed


class BertAttention(nn.Module):
    """Attention, a projection, a shortcut and a norm."""

    def __init__(self, width: int, heads: int, source_width: int, dropout: float) -> None:
        super().__init__()
        self.self = BertSelfAttention(width, heads, source_width, dropout)
        self.output = BertOutput(width, width, dropout)

    def forward(self, hidden: Tensor, source: Tensor, seen: Tensor | None, *, causal: bool = False) -> Tensor:
        """From [B, L, W] and what is looked at, [B, M, V], to [B, L, W]."""
        after: Tensor = self.output(self.self(hidden, source, seen, causal=causal), hidden)
        return after


class BertIntermediate(nn.Module):
    """The first layer of the perceptron."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, 4 * width)

    def forward(self, hidden: Tensor) -> Tensor:
        """From [B, L, W] to [B, L, 4W]."""
        return functional.gelu(self.dense(hidden))


class BertLayer(Recomputable):
    """Attention to the caption's tokens, then to the image's where the layer is a fusion one, then a perceptron.

    Args:
        width: Of the hidden vectors.
        heads: Of the attentions.
        dropout: In the attentions and after each projection.
        image_width: Of the image's vectors; None looks at no image.
        causal: Look at no token behind one's own place, as a decoder does.
    """

    def __init__(
        self, width: int, heads: int, dropout: float, image_width: int | None, *, causal: bool = False
    ) -> None:
        super().__init__()
        self.causal = causal
        self.attention = BertAttention(width, heads, width, dropout)
        self.crossattention = BertAttention(width, heads, image_width, dropout) if image_width else None
        self.intermediate = BertIntermediate(width)
        self.output = BertOutput(4 * width, width, dropout)

    def forward(
        self, hidden: Tensor, seen: Tensor | None, image: Tensor | None = None, image_seen: Tensor | None = None
    ) -> Tensor:
        """From [B, L, W] to [B, L, W].

        Args:
            hidden: [B, L, W].
            seen: [B, L] bool, the tokens that are looked at; a causal layer takes None, since padding lies behind.
            image: [B, M, V], or [1, M, V] for all rows.
            image_seen: [B, M] bool, what of it is looked at; None is all.
        """
        return self.look(self.attention(hidden, hidden, seen, causal=self.causal), image, image_seen)

    def look(self, hidden: Tensor, image: Tensor | None = None, image_seen: Tensor | None = None) -> Tensor:
        """What comes after the tokens' attention to each other, for any of them, [B, L, W]."""
        if self.crossattention is not None:
            hidden = self.crossattention(hidden, image, image_seen)
        after: Tensor = self.output(self.intermediate(hidden), hidden)
        return after


class BertEncoder(nn.Module):
    """The layers."""

    def __init__(self, layers: list[BertLayer]) -> None:
        super().__init__()
        self.layer = nn.ModuleList(layers)


class Bert(nn.Module):
    """A text encoder, and on top of it layers that read the image as well, as ALBEF divides BERT (section 3.1).

    Args:
        vocabulary: Number of ids.
        length: The most tokens of a row.
        width: Of the hidden vectors.
        heads: Of the attentions.
        text_layers: Layers that see the caption alone.
        fusion_layers: Layers after them that see the image too.
        image_width: Of the image's vectors.
        dropout: Everywhere.

    Raises:
        RecipeError: If heads don't fill the width.
    """

    def __init__(
        self,
        *,
        vocabulary: int,
        length: int,
        width: int,
        heads: int,
        text_layers: int,
        fusion_layers: int = 0,
        image_width: int = 0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        require(width % heads == 0, f"width={width} can't be divided by heads={heads}")
        self.text_layers = text_layers
        self.embeddings = BertEmbeddings(vocabulary, width, length, dropout)
        widths = [None] * text_layers + [image_width] * fusion_layers
        self.encoder = BertEncoder([BertLayer(width, heads, dropout, image) for image in widths])
        self.apply(initializer(width))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Captions alone: from ids and mask [B, L] to [B, L, W] after the text layers."""
        hidden: Tensor = self.embeddings(input_ids)
        for layer in self.encoder.layer[: self.text_layers]:
            hidden = layer(hidden, attention_mask.bool())
        return hidden

    def fuse(self, hidden: Tensor, attention_mask: Tensor, image: Tensor) -> Tensor:
        """Captions with images: from [B, L, W], mask [B, L] and [B, M, V] to [B, L, W] after the fusion layers.

        One image, [1, M, V], is every caption's, and projected once.
        """
        for layer in self.encoder.layer[self.text_layers :]:
            hidden = layer(hidden, attention_mask.bool(), image)
        return hidden

    def before_images(self, hidden: Tensor, attention_mask: Tensor) -> Tensor:
        """The part of `fuse` that no image changes, [B, L, W]: how tokens look at each other in its first layer."""
        attended: Tensor = self._fusing()[0].attention(hidden, hidden, attention_mask.bool())
        return attended

    def fuse_first(self, prepared: Tensor, attention_mask: Tensor, image: Tensor) -> Tensor:
        """The first token of what `fuse` gives, [B, W], from captions `before_images`.

        Of the last layer that token alone is computed: what is asked about pairs needs no other.
        """
        first, *others = self._fusing()
        if not others:
            return first.look(prepared[:, :1], image)[:, 0]
        hidden = first.look(prepared, image)
        for layer in others:
            asked = hidden[:, :1] if layer is others[-1] else hidden
            hidden = layer.look(layer.attention(asked, hidden, attention_mask.bool()), image)
        return hidden[:, 0]

    def _fusing(self) -> list[BertLayer]:
        return cast("list[BertLayer]", [*self.encoder.layer[self.text_layers :]])


class WordTransform(nn.Module):
    """What BERT does to hidden vectors before words are told from them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, width)
        self.LayerNorm = nn.LayerNorm(width, eps=EPS)

    def forward(self, hidden: Tensor) -> Tensor:
        """From [..., W] to [..., W]."""
        transformed: Tensor = self.LayerNorm(functional.gelu(self.dense(hidden)))
        return transformed


class WordHead(nn.Module):
    """Tells words from hidden vectors.

    Args:
        width: Of the hidden vectors.
        vocabulary: Number of ids.
        tied: Words are told by their own embeddings, which are handed in (BERT); else by a table of the head's (ViLT).
    """

    def __init__(self, width: int, vocabulary: int, *, tied: bool) -> None:
        super().__init__()
        self.transform = WordTransform(width)
        self.decoder = None if tied else nn.Linear(width, vocabulary, bias=False)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self.apply(initializer(width))

    def forward(self, hidden: Tensor, table: Tensor | None = None) -> Tensor:
        """Logits [..., V] of hidden vectors [..., W]; ``table`` is the words' embeddings [V, W] where they are tied."""
        table = table if self.decoder is None else self.decoder.weight
        assert table is not None
        return functional.linear(self.transform(hidden), table, self.bias)


def initializer(width: int) -> Callable[[nn.Module], None]:
    """Gives matrices BERT's normal distribution: 0.02 at its width of 768, wider in narrower models; tables 0.02."""

    def initialize(module: nn.Module) -> None:
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.02 * math.sqrt(768 / width))
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    return initialize
