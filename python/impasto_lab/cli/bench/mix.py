"""``impasto bench mix``: MixGen's images, beside the published function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

from impasto.cli import Given
from impasto_lab.bench.settings import KernelTiming
from impasto_lab.cli.bench import kernels as shared

if TYPE_CHECKING:
    from impasto_lab.bench.kernels import Group

EPILOG = f"""\
examples:
  impasto bench mix
  impasto bench mix --rounds 21 --json mix.json
  impasto bench mix --data photographs/ --page mix.html

{shared.JSON}"""
_NAMES = ("threads", "rounds", "seed")
#: What is taken of own images.
_BATCH, _SIDE = 64, 224


@dataclass(frozen=True, kw_only=True)
class BenchMix(shared.Bench):
    """Times mixing on bytes, normalised and laid out in the same pass, and mixing of float batches.

    The peers are the same steps by torch, and the published function of MixGen, transcribed: a loop over the rows. A
    copy of as many bytes stands beside them, which is what memory alone allows. `impasto bench loader` has the whole
    way, captions too. Arms run in turns on one core, by its CPU time.

    Args:
        data: Your own data set, as `impasto info` takes it: a batch of images spread over it; noise by default.
    """

    data: Annotated[str, "PATH"] | None = None
    timing: Annotated[dict[str, Any], Given(KernelTiming, "timing", _NAMES)] = field(default_factory=dict)


def run(bench: BenchMix) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    timing = shared.timing_of(bench, bench.timing)
    return shared.finish(
        bench,
        lambda: list(_groups(bench, timing.seed)),
        title="Mixing images",
        what="images/s",
        settings=timing,
        names=_NAMES,
    )


def _groups(bench: BenchMix, seed: int) -> Iterator[Group]:
    from impasto_lab.bench import kernels

    if bench.data is None:
        yield kernels.laying_out(seed=seed)
        yield kernels.mixing(seed=seed)
        return
    import torch

    from impasto import sources
    from impasto_lab.bench.own_files import own_images, own_pixels

    own = own_images(sources.open(bench.data, images=bench.images_of), _BATCH)
    pixels = own_pixels(own.images, _BATCH, _SIDE)  # [B, S, S, 3]
    floats = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous().float() / 255
    for group in (kernels.laying_out(pixels), kernels.mixing(own=floats)):
        yield replace(group, title=f"{group.title}: {bench.data}", left_out=own.left_out)
