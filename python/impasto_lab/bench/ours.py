"""Our loader, set to the work of a comparison."""

from __future__ import annotations

from impasto import sources
from impasto.loading import Loader
from impasto.recipe import ImageRecipe, MixGen, Recipe, TextRecipe
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Work

NAME = "impasto"
TITLE = "impasto"


def open_loader(
    files: Files,
    work: Work,
    *,
    workers: int,
    processes: bool = False,
    shuffle: bool = True,
    exact: bool = False,
    data: sources.Source | None = None,
) -> Loader:
    """Our loader over the files.

    Args:
        files: The files and their captions.
        work: What is done to them.
        workers: Threads, or processes.
        processes: Which of the two.
        shuffle: Whether the files come in a random order.
        exact: Decode in full, as the peers do.
        data: What is loaded in place of the files, and of their shards.
    """
    recipe = Recipe(
        image=ImageRecipe(
            size=work.size,
            scale=work.scale,
            ratio=work.ratio,
            interpolation=work.interpolation,
            normalize=(work.mean, work.std),
            exact=exact,
        ),
        text=TextRecipe(length=work.length) if work.length else None,
        mix=MixGen(ratio=work.mixed, lam=work.lam) if work.mixed else None,
    )
    if data is None:
        captioned = sources.CocoCaptions(files.annotations, images=files.folder)
        data = captioned if files.shards is None else sources.open(files.shards)
    return Loader(
        data,
        recipe,
        batch_size=work.batch_size,
        workers=workers,
        processes=processes,
        shuffle=shuffle,
        seed=work.seed,
        manifest=None,
    )
