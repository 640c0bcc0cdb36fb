"""One picture through the networks, or a sheet of them."""

from __future__ import annotations

from typing import Any

from impasto.cli import output
from impasto.cli.flags import make
from impasto.cli.stylize.arguments import Picture, Stylize
from impasto.cli.stylize.opening import open_randomizer, pick_seed, pick_target
from impasto.jobs import read_picture, style_sheet, stylize_picture, write_picture


def paint(stylize: Stylize) -> dict[str, Any]:
    """Paints it, and returns what there is to say of it."""
    console = output.console(stylize.json)
    target, seed = pick_target(stylize), pick_seed(stylize)
    grid = make(Picture, stylize.picture).grid
    alpha = stylize.alpha if stylize.alpha is not None else 0.5 if stylize.style is None else 1.0
    pixels = read_picture(stylize.data, stylize.size or (256 if grid else None))
    style = None if stylize.style is None else read_picture(stylize.style, 512)
    randomizer = open_randomizer(stylize)
    if grid:
        with output.Terminal(console).bar("painting") as progress:
            painted = style_sheet(pixels, randomizer, side=grid, alpha=alpha, seed=seed, style=style, progress=progress)
        last = seed + grid**2 - 2
        told = f"--seed {seed} to {last}, row by row" if style is None else "alpha from 0 to 1, row by row"
    else:
        painted = stylize_picture(pixels, randomizer, alpha=alpha, seed=seed, style=style)
        told = f"--seed {seed} paints it again" if style is None else f"alpha {alpha}"
    write_picture(painted, target, quality=stylize.quality)
    if stylize.json != "-":
        console.print(f"{target} ({told})", markup=False, soft_wrap=True)
    height, width = painted.shape[:2]
    document = {"out": str(target), "seed": seed, "alpha": alpha, "style": stylize.style}
    return {**document, "height": height, "width": width}
