"""How much is done, and what each arm is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

Model = Literal["clip", "vilt", "albef", "tcl"]
Variant = Literal["default", "a", "b", "c", "d", "e"]


@dataclass(frozen=True, kw_only=True)
class Training:
    """How one model is trained.

    Attributes:
        steps: Changes of the weights.
        batch_size: Pairs.
        lr: The highest learning rate.
    """

    steps: int
    batch_size: int
    lr: float


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One way to train.

    Attributes:
        model: Which model.
        mixgen: Whether a quarter of each batch is mixed.
        images: How many it is trained on.
        epochs: How often it sees each, instead of a number of steps.
    """

    model: Model
    mixgen: bool
    images: int
    epochs: int | None = None


@dataclass(frozen=True, kw_only=True)
class Mixed(Arm):
    """An arm that mixes in a way of its own.

    Attributes:
        variant: Of the paper's table 7, or ``"default"``.
        ratio: M as a share of the batch. Above a half, partners are drawn from the whole batch instead of from its
            rest, so that all of it can be mixed (M = B).
    """

    mixgen: bool = True
    variant: Variant = "default"
    ratio: float = 0.25


@dataclass(frozen=True, kw_only=True)
class Batched(Mixed):
    """An arm with batches of a size of its own, which mixes or doesn't.

    Attributes:
        batch_size: Pairs.
    """

    batch_size: int


@dataclass(frozen=True, kw_only=True)
class Rival(Arm):
    """One way to train a dual encoder, with MixGen or something else.

    Attributes:
        mixing: MixGen as published; with a rectangle cut out instead of blended (``"cut"``); with captions joined by
            "and"; MixUp of images alone, whose loss follows the shares; MixGen and MixUp in turns, drawn for each
            batch; or nothing.
        randaugment: Images are augmented by RandAugment, ALBEF's operations, which leave colors alone.
        dropping: The share of words that are dropped at random.
        partners: What a mixed row and its partner are to the loss, as `impasto.mixgen.clip_loss` has it.
        geodesic: The weight of m2-Mix.
        tokens: Token ids of a row that is trained on, from 2 to the model's; by default the model's. What is held out
            is asked about in whole.
        fitting: What is done where joined captions don't fit into it: their end is cut, both are cut in proportion to
            their lengths (``"balance"``), or partners are chosen so that as many as possible fit (``"fit"``).
    """

    mixing: Literal["none", "mixgen", "cut", "and", "mixup", "turns"] = "none"
    randaugment: bool = False
    dropping: float = 0.0
    partners: Literal["negatives", "mask", "soft", "shares"] = "negatives"
    geodesic: float = 0.0
    tokens: int | None = None
    fitting: Literal["cut", "balance", "fit"] = "cut"


@dataclass(frozen=True, kw_only=True)
class Scarcity:
    """How much is done.

    Attributes:
        images: Of the world's training split; each seed has its own among them.
        held: Images whose combinations of shape and color are trained, and as many whose are not.
        world_side: Of the rendered images, in pixels.
        side: Of the images trained on, in pixels.
        length: Token ids of a caption; two long ones fit.
        seed: Of the world.
        evaluations: How often each training is evaluated, for its curve.
        compared: Images of each part that ViLT is asked about, each with all their captions; it has no towers.
        training: By model.
        arms: By name.
    """

    images: int
    held: int
    world_side: int = 64
    side: int = 48
    length: int = 80
    seed: int = 0
    evaluations: int = 16
    compared: int = 60
    training: Mapping[Model, Training] = field(default_factory=dict)
    arms: Mapping[str, Arm] = field(default_factory=dict)

    def steps(self, name: str) -> int:
        """Steps of an arm."""
        arm = self.arms[name]
        return _steps(self.training[arm.model].steps, arm.epochs, arm.images, self.batch(name))

    def batch(self, name: str) -> int:
        """Pairs in a batch of an arm."""
        arm = self.arms[name]
        return arm.batch_size if isinstance(arm, Batched) else self.training[arm.model].batch_size

    def pairs(self) -> dict[str, tuple[str, str]]:
        """Arms that mix, each with the one that is as it but for mixing: by title, that one and the arm that mixes."""

        def rest(name: str) -> tuple[object, ...]:
            arm = self.arms[name]
            return (arm.model, arm.images, arm.epochs, self.batch(name))

        plain = {rest(name): name for name, arm in self.arms.items() if not arm.mixgen}
        return {
            name.removeprefix("mixgen-"): (plain[rest(name)], name) for name, arm in self.arms.items() if arm.mixgen
        }


def comes_of(settings: Mapping[str, Any], arm: str) -> dict[str, Any]:
    """What the pieces of an arm come of besides the seed; see `impasto_lab.experiments.experiment.ComesOf`."""
    own = settings["arms"][arm]
    model, images, epochs = own["model"], own["images"], own["epochs"]
    training = {**settings["training"][model]}
    training["batch_size"] = own.get("batch_size", training["batch_size"])
    training["steps"] = _steps(training["steps"], epochs, images, training["batch_size"])
    usual = {one.name: one.default for kind in (Mixed, Rival) for one in fields(kind)}
    names = [name for name in usual if name not in ("model", "mixgen", "images", "epochs", "mixing")]
    way = {name: own.get(name, usual[name]) for name in names}
    mixing = own.get("mixing", "mixgen" if own["mixgen"] else "none")
    if mixing == "none":
        del way["variant"], way["ratio"]
    # How many images are asked about is for what has no towers.
    apart = {"arms", "training"} | (set() if model == "vilt" else {"compared"})
    shared = {name: value for name, value in settings.items() if name not in apart}
    return {**shared, **training, **way, "model": model, "images": images, "mixing": mixing}


def _steps(usual: int, epochs: int | None, images: int, batch_size: int) -> int:
    """The model's usual number, or that of so many epochs."""
    return usual if epochs is None else max(epochs * images // batch_size, 1)
