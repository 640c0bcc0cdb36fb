"""``impasto world detect``: several things an image, with boxes and masks."""

from __future__ import annotations

from dataclasses import dataclass

from impasto_lab.cli.world.crowds import CrowdWorld, write_both

EPILOG = """\
examples:
  impasto world detect out/ --images 1000
  impasto info out/source/annotations/instances_train.json"""


@dataclass(frozen=True, kw_only=True)
class WorldDetect(CrowdWorld):
    """Renders images of many small things with boxes and masks, twice: a source, and a target with other colors.

    A class is a shape. In the source, a thing often has its class's own color and texture and stands on its own ground;
    in the target never. Both are COCO instances JSON.
    """


def run(world: WorldDetect) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.worlds import DETECT

    return write_both(DETECT, world)
