"""``impasto world scenes``: objects on textured or plain backgrounds, with captions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from impasto.cli import File, Positional, output

if TYPE_CHECKING:
    from rich.console import Console

    from impasto_lab.worlds import World

EPILOG = """\
examples:
  impasto world scenes out/ --size tiny --seed 0
  impasto info out/annotations/captions_train.json --images out/images/"""


@dataclass(frozen=True, kw_only=True)
class WorldScenes:
    """Renders a small data set of objects on textured or plain backgrounds, with captions.

    Each image shows one to four objects (shape, color, size, texture, relation) and has five captions. They are written
    as COCO captions JSON, Karpathy JSON and tar shards. The seed is the whole input: the same command writes the same
    bytes.

    Args:
        out: The folder to write into.
        size: How many images: 200, 2,000 or 20,000.
        manner: rich shows more objects, half of them on plain grounds, and tells them at length.
        seed: Of everything.
        json: Write what was made as JSON too ('-': to standard output, alone).
    """

    out: Positional[str]
    size: Literal["tiny", "small", "medium"] = "tiny"
    manner: Literal["usual", "rich"] = "usual"
    seed: int = 0
    json: File | None = None


def run(world: WorldScenes) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.worlds import render_scenes
    from impasto_lab.worlds.formats.sample import SPLITS

    console = output.console(world.json)
    with output.Terminal(console).bar("rendering") as progress:
        made = render_scenes(world.out, size=world.size, manner=world.manner, seed=world.seed, progress=progress)
    places = {
        "folder": str(made.root),
        "images": str(made.images),
        "annotations": {split: str(made.annotations(split)) for split in SPLITS},
        "karpathy": str(made.karpathy),
        "shards": {split: made.shards(split) for split in SPLITS},
    }
    if world.json != "-":
        _show(made, console)
    output.write_json({**made.about, "paths": places}, world.json)
    return 0


def _show(world: World, console: Console) -> None:
    from impasto_lab.worlds.formats.sample import SPLITS

    about = world.about
    counts = ", ".join(f"{about['images'][split]:,} {split}" for split in SPLITS)
    console.print(f"{counts} images in {world.root}", markup=False, soft_wrap=True)
    for what, place in (
        ("COCO captions", world.annotations("train")),
        ("Karpathy", world.karpathy),
        ("shards", world.shards("train")),
    ):
        console.print(f"  {what:14} {place}", markup=False, soft_wrap=True)
