"""``impasto world mug``: one picture to try styles on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from impasto.cli import Positional, Positive

EPILOG = """\
example:
  impasto world mug mug.png && impasto stylize mug.png out.png"""


@dataclass(frozen=True, kw_only=True)
class WorldMug:
    """Renders a glazed mug on a wooden table: one picture, to try `impasto stylize` on.

    Args:
        out: The picture to write: .png, .jpg or .webp.
        size: Height and width in pixels.
        seed: Of the glaze's color, the handle's direction and the wood's grain.
    """

    out: Positional[Annotated[str, "OUT"]]
    size: Annotated[Positive, "PIXELS"] = 256
    seed: int = 0


def run(world: WorldMug) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto.jobs import check_target, write_picture
    from impasto_lab.worlds.mug import render_mug

    check_target(world.out)
    write_picture(render_mug(world.size, world.seed), world.out)
    return 0
