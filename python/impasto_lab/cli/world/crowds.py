"""What ``impasto world detect`` and ``segment`` have in common."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from impasto.cli import output

if TYPE_CHECKING:
    from impasto_lab.worlds import Crowd


def write(
    crowd: Crowd,
    *,
    out: str,
    images: int,
    target_images: int,
    side: int,
    rho: float,
    shift: float,
    seed: int,
    json: str | None,
) -> dict[str, Any]:
    """Writes both worlds and says where they lie."""
    from impasto_lab.worlds import write_instances

    console = output.console(json)
    drawn = replace(crowd, side=side, rho=rho, shift=shift)
    with output.Terminal(console).bar("rendering") as progress:
        made = write_instances(
            out,
            drawn,
            images=images,
            target_images=target_images,
            seed=seed,
            progress=progress,
        )
    document: dict[str, Any] = {}
    for part, world in zip(("source", "target"), made, strict=True):
        splits = {split: count for split, count in world.about["images"].items() if count}
        paths = {split: str(world.root / "annotations" / f"instances_{split}.json") for split in splits}
        document[part] = {**world.about, "paths": {"images": str(world.images), "annotations": paths}}
        if json != "-":
            counts = ", ".join(f"{count:,} {split}" for split, count in splits.items())
            console.print(f"{counts} images in {world.root}", markup=False, soft_wrap=True)
    return document
