"""How much each case study does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Digits:
    """Little data.

    Attributes:
        images: How many digits are trained on, by the number in an arm's name.
        held: Digits to be named.
        side: Of the images, in pixels.
        steps: Changes of the weights.
        batch_size: Pairs.
        lr: The highest learning rate.
    """

    images: tuple[int, ...] = (50, 200, 800)
    held: int = 500
    side: int = 32
    steps: int = 600
    batch_size: int = 32
    lr: float = 1e-3


@dataclass(frozen=True, kw_only=True)
class Medical:
    """Pictures with reports.

    Attributes:
        tiles: Parts of the pictures.
        batch_size: Of them, each mixed with another of its batch.
        batches: That are looked at.
        side: Of a tile, in pixels.
        length: Token ids of a report.
    """

    tiles: int = 64
    batch_size: int = 16
    batches: int = 8
    side: int = 128
    length: int = 77


@dataclass(frozen=True, kw_only=True)
class Social:
    """Posts.

    Attributes:
        posts: How many there are.
        batch_size: Posts, half of them mixed with the other half.
        length: Token ids of a caption.
        seed: Of the posts.
    """

    posts: int = 2048
    batch_size: int = 128
    length: int = 77
    seed: int = 0
