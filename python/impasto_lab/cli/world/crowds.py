"""What ``impasto world detect`` and ``segment`` have in common."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from impasto.cli import File, Positional, output

if TYPE_CHECKING:
    from impasto_lab.worlds import Crowd


@dataclass(frozen=True, kw_only=True)
class CrowdWorld:
    """Two worlds of several things an image: a source, and a target with other colors.

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


def write_both(crowd: Crowd, world: CrowdWorld) -> int:
    """Writes both worlds and says where they lie.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.worlds import write_instances

    console = output.console(world.json)
    drawn = replace(crowd, side=world.side, rho=world.rho, shift=world.shift)
    with output.Terminal(console).bar("rendering") as progress:
        made = write_instances(
            world.out,
            drawn,
            images=world.images,
            target_images=world.target_images,
            seed=world.seed,
            progress=progress,
        )
    document: dict[str, Any] = {}
    for part, one in zip(("source", "target"), made, strict=True):
        splits = {split: count for split, count in one.about["images"].items() if count}
        paths = {split: str(one.root / "annotations" / f"instances_{split}.json") for split in splits}
        document[part] = {**one.about, "paths": {"images": str(one.images), "annotations": paths}}
        if world.json != "-":
            counts = ", ".join(f"{count:,} {split}" for split, count in splits.items())
            console.print(f"{counts} images in {one.root}", markup=False, soft_wrap=True)
    output.write_json(document, world.json)
    return 0
