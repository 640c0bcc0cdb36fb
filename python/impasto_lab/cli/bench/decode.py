"""``impasto bench decode``: images' bytes to pixels, beside every decoder that is here."""

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
  impasto bench decode
  impasto bench decode --formats JPEG --samplings 4:2:0 4:4:4 --qualities 75 90 95 --page decode.html
  impasto bench decode --formats JPEG --threads 1 2
  impasto bench decode --data photographs/ --images 64 --json decode.json

{shared.JSON}"""
_NAMES = ("images", "sizes", "formats", "qualities", "samplings", "threads", "rounds", "seed")


@dataclass(frozen=True, kw_only=True)
class BenchDecode(shared.Bench):
    """Times decoding in full, to RGB, beside every decoder that is installed, on the same bytes.

    Pillow's pixels are the judge: whoever is a level away from them on average isn't timed. Arms run in turns on one
    core, by its CPU time, so that what else runs on the machine takes no part.

    Args:
        data: Your own data set, as `impasto info` takes it: images spread over it, in the format that most have.
    """

    data: Annotated[str, "PATH"] | None = None
    timing: Annotated[dict[str, Any], Given(KernelTiming, "timing", _NAMES)] = field(default_factory=dict)


def run(bench: BenchDecode) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    timing = shared.timing_of(bench, bench.timing)
    return shared.finish(
        bench,
        lambda: list(_groups(bench, timing)),
        title="Decoding images",
        what="images/s",
        settings=timing,
        names=_NAMES,
    )


def _groups(bench: BenchDecode, timing: KernelTiming) -> Iterator[Group]:
    from impasto_lab.bench import kernels

    if bench.data is not None:
        from impasto import sources
        from impasto_lab.bench.own_files import own_images

        own = own_images(sources.open(bench.data, images=bench.images_of), timing.images)
        group = kernels.decoders(own.images, own.kind, f"{len(own.images)} {own.kind} of {bench.data}")
        yield replace(group, left_out=own.left_out)
        return
    from impasto_lab.bench.storing import ways

    for way in ways(timing):
        images = kernels.encoded(
            way.kind, way.shape, timing.images, quality=way.quality, sampling=way.sampling, seed=timing.seed
        )
        yield kernels.decoders(images, way.kind, f"{len(images)} {way.name}")
