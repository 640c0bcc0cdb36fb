"""``impasto bench resize``: pixels to fewer or more of them, beside everybody who resizes."""

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
  impasto bench resize
  impasto bench resize --sizes 1920x1080 --side 336 --plot resize.png
  impasto bench resize --data photographs/ --json resize.json

{shared.JSON}"""
_NAMES = ("images", "sizes", "side", "threads", "rounds", "seed")


@dataclass(frozen=True, kw_only=True)
class BenchResize(shared.Bench):
    """Times resizing with antialiasing, bilinear and bicubic, on decoded photographs.

    Pillow's pixels are the judge; how far others are from them on average stands beside their figures: OpenCV averages
    areas, kornia-rs doesn't antialias its bilinear. Ours runs twice, bit-equal to Pillow and with `exact=False`, whose
    weights have as many bits as torchvision's. Arms run in turns on one core, by its CPU time.

    Args:
        data: Your own data set, as `impasto info` takes it: images spread over it.
    """

    data: Annotated[str, "PATH"] | None = None
    timing: Annotated[dict[str, Any], Given(KernelTiming, "timing", _NAMES)] = field(default_factory=dict)


def run(bench: BenchResize) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    timing = shared.timing_of(bench, bench.timing)
    return shared.finish(
        bench,
        lambda: list(_groups(bench, timing)),
        title="Resizing images",
        what="images/s",
        settings=timing,
        names=_NAMES,
    )


def _groups(bench: BenchResize, timing: KernelTiming) -> Iterator[Group]:
    from impasto import ops
    from impasto_lab.bench import kernels

    left_out: dict[str, int] = {}
    if bench.data is not None:
        from impasto import sources
        from impasto_lab.bench.own_files import own_images

        _, images, left_out = own_images(sources.open(bench.data, images=bench.images_of), timing.images)
        work = {f"{len(images)} of {bench.data}": images}
    else:
        named = {
            size: kernels.encoded("JPEG", shape, timing.images, seed=timing.seed)
            for size, shape in timing.shapes.items()
        }
        work = {f"{timing.images} of {size}": images for size, images in named.items()}
    for what, images in work.items():
        pixels = [ops.decode(image) for image in images]
        for group in (kernels.resizers(pixels, timing.side, how, what) for how in ("bilinear", "bicubic")):
            yield replace(group, left_out=left_out)
