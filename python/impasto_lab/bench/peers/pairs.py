"""What the Python loaders share: a data set of files, and the collate function that mixes and tokenises.

Mixing and tokenising sit in ``collate_fn``, where worker processes share that work; MixGen's reference and most
training scripts do both in the training process, which would be slower.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import open_clip
import torch
from torch.utils.data import DataLoader, Dataset

from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Work

#: From a path and the file's number to an image [3, S, S] float32, normalised.
LoadImage = Callable[[str, int], torch.Tensor]


class MixedPairs(NamedTuple):
    """A batch: images [B, 3, S, S] float32, ids [B, L] int64, B captions; None where captions are left out."""

    images: torch.Tensor
    input_ids: torch.Tensor | None
    captions: list[str] | None


class PairDataset(Dataset[tuple[torch.Tensor, str]]):
    """Image and caption by number."""

    def __init__(self, files: Files, load_image: LoadImage) -> None:
        self.paths = files.paths
        self.captions = files.captions
        self.load_image = load_image

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> tuple[torch.Tensor, str]:
        return self.load_image(self.paths[number], number), self.captions[number]


class MixAndTokenize:
    """Collates pairs: stacks, applies MixGen as its reference does, tokenises with open_clip."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.tokenizer = open_clip.SimpleTokenizer(context_length=work.length) if work.length else None

    def __call__(self, pairs: list[tuple[torch.Tensor, str]]) -> MixedPairs:
        """Makes a batch."""
        return self.mixed(torch.stack([image for image, _ in pairs]), [caption for _, caption in pairs])

    def mixed(self, images: torch.Tensor, captions: list[str]) -> MixedPairs:
        """Mixes images [B, 3, S, S] and their captions in place, and tokenises these."""
        count, lam = int(len(captions) * self.work.mixed), self.work.lam
        images[:count].mul_(lam).add_(images[count : 2 * count], alpha=1 - lam)
        if self.tokenizer is None:
            return MixedPairs(images, None, None)
        captions[:count] = [f"{captions[row]} {captions[row + count]}" for row in range(count)]
        return MixedPairs(images, self.tokenizer(captions), captions)


def open_pairs(
    files: Files, work: Work, load_image: LoadImage, *, workers: int, shuffle: bool, context: str | None = None
) -> DataLoader[tuple[torch.Tensor, str]]:
    """A stock DataLoader over the files, whose worker processes live as long as it does.

    Args:
        files: The files and their captions.
        work: What is done to them.
        load_image: Loads one.
        workers: Processes.
        shuffle: Whether the files come in a random order.
        context: How processes start, where the usual way isn't for this peer.
    """
    return DataLoader(
        PairDataset(files, load_image),
        batch_size=work.batch_size,
        shuffle=shuffle,
        drop_last=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        multiprocessing_context=context if workers else None,
        collate_fn=MixAndTokenize(work),
        pin_memory=work.pinned,
    )
