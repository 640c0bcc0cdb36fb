"""``impasto world styles``: textures and painterly pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from impasto.cli import File, Positional, Positive, output

EPILOG = """\
examples:
  impasto world styles out/ --count 300 --size 256 --seed 0
  impasto info out/"""


@dataclass(frozen=True, kw_only=True)
class WorldStyles:
    """Renders styles to train style transfer on.

    They are textures and painterly pictures of many families, palettes and scales, each once, in one folder a family.
    Count, size and seed are the whole input: the same command writes the same bytes.

    Args:
        out: The folder to write into: OUT/FAMILY/NUMBER.png.
        count: How many.
        size: Height and width in pixels.
        seed: Of everything.
        json: Write what was made as JSON too ('-': to standard output, alone).
    """

    out: Positional[str]
    count: Positive = 300
    size: Annotated[Positive, "PIXELS"] = 256
    seed: int = 0
    json: File | None = None


def run(world: WorldStyles) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.worlds import render_styles

    console = output.console(world.json)
    with output.Terminal(console).bar("rendering") as progress:
        made = render_styles(world.out, count=world.count, size=world.size, seed=world.seed, progress=progress)
    if world.json != "-":
        told = f"{made.count:,} styles of {len(made.families)} families in {made.root}"
        console.print(told, markup=False, soft_wrap=True)
    document = {"name": "styles", "seed": world.seed, "size": world.size, "images": made.count}
    output.write_json({**document, "families": dict(made.families), "paths": {"folder": str(made.root)}}, world.json)
    return 0
