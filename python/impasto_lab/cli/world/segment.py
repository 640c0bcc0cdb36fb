"""``impasto world segment``: a few large things an image, with boxes and masks."""

from __future__ import annotations

from dataclasses import dataclass

from impasto_lab.cli.world.crowds import CrowdWorld, write_both

EPILOG = """\
examples:
  impasto world segment out/ --images 1000
  impasto info out/source/annotations/instances_train.json"""


@dataclass(frozen=True, kw_only=True)
class WorldSegment(CrowdWorld):
    """Renders images of a few large things with boxes and masks, twice: a source, and a target with other colors."""

    side: int = 128


def run(world: WorldSegment) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.worlds import SEGMENT

    return write_both(SEGMENT, world)
