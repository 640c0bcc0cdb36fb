"""Pairs that a model was not trained on, to be found in each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from impasto.errors import RecipeError
from impasto.loading import Loader
from impasto.recipe import ImageRecipe, Recipe, TextRecipe
from impasto.sources import Source
from impasto_lab.metrics import Retrieval, retrieval
from impasto_lab.models import Albef, Clip, DualEncoder, Vilt
from impasto_lab.tasks.evaluating import evaluating
from impasto_lab.tasks.tokens import encode

#: Models that embed images and captions, each by itself.
Towers = DualEncoder | Clip | Albef


@dataclass(frozen=True)
class HeldOut:
    """Images with all their captions, to be found in each other.

    Attributes:
        images: [N, 3, H, W], whole, resized to the recipe's size.
        captions: M captions.
        input_ids: [M, L].
        attention_mask: [M, L].
        image_of: [M] the row of each caption's image.
        keys: N keys.
    """

    images: Tensor
    captions: tuple[str, ...]
    input_ids: Tensor
    attention_mask: Tensor
    image_of: Tensor
    keys: tuple[str, ...]

    @classmethod
    def of(cls, data: Source, recipe: Recipe, *, batch_size: int = 256, workers: int = 1) -> HeldOut:
        """All images of a source, as a recipe for training has them but for what it draws, with all captions.

        Rows that share a key are one image with the captions of all of them.

        Args:
            data: The source.
            recipe: Its size, normalisation, tokenizer and length are kept; nothing is cut, flipped or mixed.
            batch_size: Images loaded at a time.
            workers: Threads that load.

        Raises:
            RecipeError: If the recipe has no tokenizer.
        """
        text = recipe.text
        if text is None or text.resolved is None:
            raise RecipeError("text retrieval needs a recipe with a tokenizer of impasto's own")
        image = recipe.views[0]
        still = ImageRecipe(size=image.size, crop="none", normalize=image.normalize, interpolation=image.interpolation)
        loader = Loader(
            data,
            Recipe(image=still, text=TextRecipe(tokenizer=None, captions="all")),
            batch_size=batch_size,
            workers=workers,
            shuffle=False,
            drop_last=False,
            rank=0,  # whoever evaluates wants all of it
            world_size=1,
        )
        rows: dict[str, int] = {}  # by key: a source may have a row for each caption of an image
        images: list[Tensor] = []
        flat: list[str] = []
        owners: list[int] = []
        for batch in loader:
            new = []
            for at, key in enumerate(batch.keys):
                if key not in rows:
                    rows[key] = len(rows)
                    new.append(at)
            images.append(batch.images[new])
            assert batch.captions is not None
            assert batch.caption_rows is not None
            flat += batch.captions
            owners += [rows[batch.keys[at]] for at in batch.caption_rows.tolist()]
        input_ids, attention_mask = encode(flat, text)
        return cls(torch.cat(images), tuple(flat), input_ids, attention_mask, torch.tensor(owners), tuple(rows))

    def subset(self, rows: Iterable[int]) -> HeldOut:
        """The same of some of the images alone, in that order."""
        chosen = list(rows)
        places = {row: place for place, row in enumerate(chosen)}
        kept = [at for at, row in enumerate(self.image_of.tolist()) if row in places]
        return HeldOut(
            images=self.images[chosen],
            captions=tuple(self.captions[at] for at in kept),
            input_ids=self.input_ids[kept],
            attention_mask=self.attention_mask[kept],
            image_of=torch.tensor([places[int(self.image_of[at])] for at in kept]),
            keys=tuple(self.keys[row] for row in chosen),
        )

    def scores(self, model: Towers, *, batch_size: int = 256) -> Tensor:
        """[N, M] similarities, on the CPU; the model is in evaluation mode meanwhile."""
        with evaluating(model) as device:
            images = [model.encode_images(part.to(device)) for part in torch.split(self.images, batch_size)]
            ids_masks = (torch.split(part, batch_size) for part in (self.input_ids, self.attention_mask))
            parts = zip(*ids_masks, strict=True)
            texts = [model.encode_texts(ids.to(device), mask.to(device)) for ids, mask in parts]
        return (torch.cat(images) @ torch.cat(texts).T).cpu()  # [N, dim] @ [dim, M]

    def matches(self, model: Vilt | Albef, *, batch_size: int = 256) -> Tensor:
        """[N, M] how well each image matches each caption, on the CPU; the model is in evaluation mode meanwhile."""
        pairs = torch.cartesian_prod(torch.arange(len(self.images)), torch.arange(len(self.captions)))  # [N * M, 2]
        scores = []
        with evaluating(model) as device:
            for images, texts in (part.T for part in torch.split(pairs, batch_size)):
                given = (self.images[images], self.input_ids[texts], self.attention_mask[texts])
                scores.append(model.match(*(part.to(device) for part in given))[:, 1].cpu())
        return torch.cat(scores).view(len(self.images), -1)

    def retrieval(self, model: Towers) -> Retrieval:
        """Recalls of a model in both directions."""
        return retrieval(self.scores(model).numpy(), self.image_of.numpy())
