"""Do the loaders that are timed give the same batches?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from impasto.batch import Batch
from impasto.errors import ImpastoError
from impasto_lab.bench import ours
from impasto_lab.bench.difference import Difference
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Pairs, Peer, Views, Work


class AnswersDifferError(ImpastoError, AssertionError):
    """Two loaders that were to be timed gave different batches."""


@dataclass(frozen=True)
class Answers:
    """How the loaders' batches compare, crops and flips being the same.

    Attributes:
        images: Images compared.
        apart: For each peer, how pixels differ with ``exact=True``, in levels of 255; each statistic of the batch where
            it is largest.
        fast_psnr_mean: Mean over the images of the fast path's PSNR against ``exact=True``, in dB.
        fast_psnr_worst: The smallest.
        captioned: Whether ids and joined captions are part of the work; they are equal then.
    """

    images: int
    apart: dict[str, Difference]
    fast_psnr_mean: float
    fast_psnr_worst: float
    captioned: bool = True

    @classmethod
    def worst(cls, many: Sequence[Answers]) -> Answers:
        """Of several comparisons: each statistic of each peer where it is worst."""
        apart: dict[str, list[Difference]] = {}
        for one in many:
            for name, found in one.apart.items():
                apart.setdefault(name, []).append(found)
        return replace(
            many[0],
            images=sum(one.images for one in many),
            apart={
                name: Difference(*(max(values) for values in zip(*found, strict=True))) for name, found in apart.items()
            },
            fast_psnr_mean=float(np.mean([one.fast_psnr_mean for one in many])),
            fast_psnr_worst=min(one.fast_psnr_worst for one in many),
        )

    def lines(self) -> Iterator[str]:
        """What was found, for people."""
        alike = "ids and joined captions equal; " if self.captioned else ""
        equal = f"{alike}pixels (exact=True) differ by" if self.apart else "nobody else's"
        yield f"compared first, on {self.images} images: {equal}"
        for name, apart in self.apart.items():
            levels = f"{apart.mean:.3f} levels of 255 on average, {apart.p999:.2f} in one of a thousand"
            yield f"  {levels}, {apart.max:.2f} at most, from those of {name}"
        yield (
            f"  the timed fast path against exact=True: PSNR {self.fast_psnr_mean:.1f} dB on average, "
            f"{self.fast_psnr_worst:.1f} dB at worst"
        )


def compare(files: Files, work: Work, peers: Sequence[Peer], *, unfit: dict[str, str] | None = None) -> Answers:
    """Replays our crops and flips in every peer and compares all batches of an epoch.

    Args:
        files: The files, in the order in which they are compared.
        work: What is done to them.
        peers: The loaders to compare with.
        unfit: Takes the peers that fail or differ, by name, with the reason; without it the first of them ends it.

    Raises:
        AnswersDifferError: If ids or captions differ, or pixels by more than the peer's ``TOLERANCE``.
    """
    exact = list(ours.open_loader(files, work, workers=0, shuffle=False, exact=True))
    fast = list(ours.open_loader(files, work, workers=0, shuffle=False))
    views = _views(exact)
    apart = {}
    for peer in peers:
        try:
            apart[peer.NAME] = _apart(exact, peer, files, work, views)
        except Exception as error:
            if unfit is None:
                raise
            # Whatever a package raises of files that it can't take; our own loader has taken them.
            reason = next(iter(str(error).splitlines()), "")
            unfit[peer.NAME] = reason if isinstance(error, ImpastoError) else f"{type(error).__name__}: {reason}"
    noise = [psnr for one, other in zip(exact, fast, strict=True) for psnr in _psnr(one, other, work)]
    return Answers(len(noise), apart, float(np.mean(noise)), float(np.min(noise)), captioned=bool(work.length))


def _views(batches: Sequence[Batch]) -> Views:
    boxes = np.concatenate([batch.plan.boxes for batch in batches])
    return Views(boxes.astype(np.int64), np.concatenate([batch.plan.flips for batch in batches]))


def _apart(batches: Sequence[Batch], peer: Peer, files: Files, work: Work, views: Views) -> Difference:
    """How pixels differ, in levels of 255."""
    found = []
    theirs: Sequence[Pairs] = list(peer.open_loader(files, work, workers=0, views=views))
    for step, (our, their) in enumerate(zip(batches, theirs, strict=True)):
        if list(our.captions or ()) != list(their.captions or ()):
            raise AnswersDifferError(f"batch {step}: the joined captions differ from those of {peer.TITLE}")
        if not _same_ids(our.input_ids, their.input_ids):
            raise AnswersDifferError(f"batch {step}: the ids differ from those of {peer.TITLE}")
        levels = _levels(our, their, work)
        found.append(Difference.between(levels, torch.zeros_like(levels)))
    apart = Difference(*(max(values) for values in zip(*found, strict=True)))
    if (reason := apart.beyond(peer.TOLERANCE[work.interpolation])) is not None:
        raise AnswersDifferError(f"in levels of 255, {reason}, from those of {peer.TITLE}")
    return apart


def _same_ids(one: torch.Tensor | None, other: torch.Tensor | None) -> bool:
    return one is other if one is None or other is None else torch.equal(one, other)


def _levels(one: Pairs, other: Pairs, work: Work) -> torch.Tensor:
    """Difference of two batches [B, 3, S, S], in levels of 255."""
    return (one.images - other.images) * torch.tensor(work.std).view(1, 3, 1, 1) * 255


def _psnr(one: Pairs, other: Pairs, work: Work) -> Iterator[float]:
    for squared in _levels(one, other, work).square().flatten(1).mean(1).tolist():
        yield 10 * math.log10(255**2 / max(squared, 1e-6))
