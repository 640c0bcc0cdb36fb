"""``impasto world stl10-like``: ten outlines in STL-10's files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

from impasto.cli import File, Positional, Positive, output

EPILOG = """\
examples:
  impasto world stl10-like source/ --rho 0.6 --noise 0.05
  impasto world stl10-like target/ --rho 0 --shift 1 --seed 1
  impasto info source/"""


@dataclass(frozen=True, kw_only=True)
class WorldStl10Like:
    """Renders ten classes of 96 x 96 pixels in STL-10's exact files (train_X.bin ... fold_indices.txt).

    A class is the outline of the one large thing; color, texture and ground are its own, too, in a share rho of the
    images: a shortcut, which another domain breaks. The arguments are the whole input: the same command writes the same
    bytes.

    Args:
        out: The folder to write into: OUT/stl10_binary, and OUT/noise_train.txt, the rows that show nothing.
        train: Training images; STL-10 has 5,000.
        test: Test images; STL-10 has 8,000.
        unlabeled: Images without labels; STL-10 has 100,000.
        rho: How often color, texture and ground are the class's own, in [0, 1].
        conflict: Have them be another class's instead.
        clutter: Small things of other shapes in each image.
        shift: How far the camera is from a good one, in [0, 1]: resolution, cast, grain.
        noise: Share of the training and unlabeled images that show nothing, in [0, 1].
        seed: Of everything.
        json: Write what was made as JSON too ('-': to standard output, alone).
    """

    out: Positional[Annotated[str, "OUT"]]
    train: Positive = 1000
    test: Positive = 1000
    unlabeled: int = 0
    rho: float = 0.6
    conflict: bool = False
    clutter: int = 0
    shift: float = 0.0
    noise: float = 0.0
    seed: int = 0
    json: File | None = None


def run(world: WorldStl10Like) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.worlds import Stl10Like, Terms, render_stl10

    settings = Stl10Like(
        train=world.train,
        test=world.test,
        unlabeled=world.unlabeled,
        terms=Terms(rho=world.rho, conflict=world.conflict, clutter=world.clutter),
        shift=world.shift,
        noise=world.noise,
        seed=world.seed,
    )
    console = output.console(world.json)
    with output.Terminal(console).bar("rendering") as progress:
        made = render_stl10(world.out, settings, progress=progress)
    counts = ", ".join(f"{count:,} {split}" for split, count in made.images.items())
    if world.json != "-":
        console.print(f"{counts} images in {made.binaries}", markup=False, soft_wrap=True)
    paths = {"folder": str(made.root), "binaries": str(made.binaries)}
    output.write_json({"name": "stl10-like", **asdict(settings), "images": made.images, "paths": paths}, world.json)
    return 0
