"""``impasto world detect``: several things an image, with boxes and masks."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from impasto.cli import File, Positional, output
from impasto_lab.cli.world.crowds import write

EPILOG = """\
examples:
  impasto world detect out/ --images 1000
  impasto info out/source/annotations/instances_train.json"""


@dataclass(frozen=True, kw_only=True)
class WorldDetect:
    """Renders images of many small things with boxes and masks, twice: a source, and a target with other colors.

    A class is a shape. In the source, a thing often has its class's own color and texture and stands on its own ground;
    in the target never. Both are COCO instances JSON.

    Args:
        out: The folder to write source/ and target/ into.
        images: Images of the source, of all splits.
        target_images: Images of the target.
        side: Height and width, in pixels.
        rho: How often color, texture and ground are the class's own in the source.
        shift: How far the target's pictures are changed besides, from 0 to 1: cast, contrast, noise.
        seed: Of everything.
        json: Write what was made as JSON too ('-': to standard output, alone).
    """

    out: Positional[str]
    images: int = 1000
    target_images: int = 250
    side: int = 96
    rho: float = 0.7
    shift: float = 0.5
    seed: int = 0
    json: File | None = None


def run(world: WorldDetect) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.worlds import DETECT

    output.write_json(write(DETECT, **asdict(world)), world.json)
    return 0
