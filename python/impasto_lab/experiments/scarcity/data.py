"""The world of scenes that is retrieved, and its words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from impasto.files import new_file
from impasto.loading import Loader
from impasto.recipe import BertTokenizer, ImageRecipe, MixGen, Recipe, TextRecipe
from impasto.sources import CocoCaptions
from impasto.streams import stream
from impasto_lab.experiments.experiment import Place
from impasto_lab.experiments.prepared import require_no_data
from impasto_lab.experiments.scarcity.settings import Arm, Mixed, Scarcity
from impasto_lab.tasks import HeldOut
from impasto_lab.tasks.pretrain import share_of
from impasto_lab.worlds import World, scenes, write_world
from impasto_lab.worlds.formats.sample import Split

#: Where each part is held out: combinations of shape and color that are trained too, and such that are not.
PARTS: dict[str, Split] = {"seen": "val", "unseen": "test"}

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def prepare(settings: Scarcity, place: Place) -> None:
    """Renders the world and lists its words, unless both are there.

    Raises:
        SourceError: If the folder can't be written.
        RecipeError: If it is one of real data.
    """
    require_no_data(place.shared)
    world = World(place.shared / "world")
    total = settings.images + 2 * settings.held
    about = {"seed": settings.seed, "total": total, "side": settings.world_side, "manner": "rich"}
    if not world.root.exists() or not about.items() <= world.about.items():
        size = scenes.Size(total, side=settings.world_side, held=settings.held)
        made = scenes.samples(size=size, manner=scenes.RICH, seed=settings.seed)
        with place.narrator.bar("rendering scenes") as advance:
            write_world(world.root, made, name="scenes", total=total, about=about, progress=advance)
    train = source(world, "train")
    captions = (caption for row in range(len(train)) for caption in train.index.captions(row))
    with new_file(place.shared / "vocab.txt") as partial:
        partial.write_text("\n".join([*_SPECIAL, *vocabulary(captions)]) + "\n", encoding="utf-8")


def vocabulary(captions: Iterable[str]) -> list[str]:
    """The words and marks of captions, sorted: thousands of ids that never occur would cost more than the towers."""
    return sorted({word for caption in captions for word in re.findall(r"[a-z]+|[^a-z\s]", caption)})


def source(world: World, split: Split) -> CocoCaptions:
    """A split of the world."""
    return CocoCaptions(world.annotations(split), images=world.images)


def recipe(settings: Scarcity, arm: Arm, vocabulary: Path) -> Recipe:
    """What an arm's batches are; the arms of a seed draw the same order, crops and captions."""
    image = ImageRecipe(size=settings.side, scale=(0.6, 1.0), hflip=0.0)  # captions tell left from right
    views = (image, image) if arm.model == "tcl" else image
    text = TextRecipe(tokenizer=BertTokenizer(vocabulary=vocabulary), length=settings.length)
    return Recipe(image=views, text=text, mix=mix_of(arm))


def mix_of(arm: Arm) -> MixGen | None:
    """How an arm mixes."""
    if not arm.mixgen:
        return None
    if not isinstance(arm, Mixed):
        return MixGen()
    return share_of(arm.variant, arm.ratio)


def loader(settings: Scarcity, name: str, seed: int, shared: Path, made: Recipe | None = None) -> Loader:
    """Batches of an arm, of as many images as it has; those of fewer are among those of more.

    Args:
        settings: The experiment's.
        name: The arm's.
        seed: Its seed.
        shared: Where the world and its words lie.
        made: What batches are; by default `recipe` of the arm.
    """
    arm = settings.arms[name]
    train = source(World(shared / "world"), "train")
    rows = stream(seed, "scarce images").permutation(len(train))[: arm.images]
    made = made or recipe(settings, arm, shared / "vocab.txt")
    return Loader(train[rows], made, batch_size=settings.batch(name), workers=1, seed=seed)


@dataclass(frozen=True, eq=False)
class Part:
    """What is held out, and what is known of it.

    Attributes:
        held: The pairs.
        things: How many things each image shows, [N].
        plain: Whether its ground has one color, [N].
    """

    held: HeldOut
    things: tuple[int, ...]
    plain: tuple[bool, ...]


def held_out(settings: Scarcity, arm: Arm, shared: Path) -> dict[str, Part]:
    """All that is held out, by part."""
    world = World(shared / "world")
    # TCL sees one view of what it is asked about.
    asked = recipe(settings, Arm(model="clip", mixgen=False, images=arm.images), shared / "vocab.txt")
    return {name: _part(world, split, asked, settings, arm) for name, split in PARTS.items()}


def _part(world: World, split: Split, asked: Recipe, settings: Scarcity, arm: Arm) -> Part:
    held = HeldOut.of(source(world, split), asked)
    if arm.model == "vilt":
        held = held.subset(range(min(settings.compared, settings.held)))
    facts = world.known(split)
    own = [facts[key] for key in held.keys]
    things = tuple(len(fact["things"]) for fact in own)
    return Part(held, things, tuple(fact["background"] in scenes.PLAIN_GROUNDS for fact in own))
