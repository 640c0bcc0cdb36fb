"""``impasto world segment``: a few large things an image, with boxes and masks."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from impasto.cli import File, Positional, output
from impasto_lab.cli.world.crowds import write

EPILOG = """\
examples:
  impasto world segment out/ --images 1000
  impasto info out/source/annotations/instances_train.json"""


@dataclass(frozen=True, kw_only=True)
class WorldSegment:
    """Renders images of a few large things with boxes and masks, twice: a source, and a target with other colors.

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
    side: int = 128
    rho: float = 0.7
    shift: float = 0.5
    seed: int = 0
    json: File | None = None


def run(world: WorldSegment) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.worlds import SEGMENT

    output.write_json(write(SEGMENT, **asdict(world)), world.json)
    return 0
