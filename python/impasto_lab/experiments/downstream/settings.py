"""How much is done, and what each arm is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Model = Literal["clip", "vilt", "albef", "tcl"]
#: The tasks that a pretrained model is tuned to.
TaskName = Literal["retrieval", "vqa", "nlvr2", "snli-ve", "grounding", "captioning"]
#: The folder of a pretraining, in a piece's own.
PRETRAINING = "pretraining"


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One way to pretrain.

    Attributes:
        model: Which model.
        mixgen: Whether a quarter of each batch is mixed in pretraining; nothing is mixed in tuning.
    """

    model: Model
    mixgen: bool


@dataclass(frozen=True, kw_only=True)
class Downstream:
    """How much is done; by default what `small` does.

    Attributes:
        images: Of the world's training split, on which models are pretrained and tuned.
        held: Images whose combinations of shape and color are trained, and as many whose are not.
        world_side: Of the rendered images, in pixels.
        world_seed: Of the world.
        preset: The models' size.
        length: Token ids of a pretraining's caption; two fit.
        pretraining: Steps.
        tuning: Steps, by task, in the order in which they are done.
        zero_shot: Whether the pretrained model is asked to retrieve before it is tuned.
        batch_size: Samples of a step.
        k: Candidates that ALBEF and TCL look at closely.
        compared: Images of each part that ViLT is asked about, each with all captions: it has no towers.
        arms: By name.
    """

    images: int = 1600
    held: int = 200
    world_side: int = 64
    world_seed: int = 0
    preset: Literal["tiny", "small"] = "tiny"
    length: int = 64
    pretraining: int = 1500
    tuning: Mapping[TaskName, int] = field(default_factory=dict)
    zero_shot: bool = False
    batch_size: int = 32
    k: int = 16
    compared: int = 100
    arms: Mapping[str, Arm] = field(default_factory=dict)


def both(*models: Model) -> dict[str, Arm]:
    """Arms without and with MixGen, by name."""
    return {
        f"{'mixgen' if mixgen else 'plain'}-{model}": Arm(model=model, mixgen=mixgen)
        for model in models
        for mixgen in (False, True)
    }


def published(model: Model, pairs: Mapping[str, tuple[float, float]]) -> dict[str, dict[str, float]]:
    """What a paper has of a model's arms, by arm, from pairs without MixGen and with it."""
    return {
        arm: {name: pair[place] for name, pair in pairs.items()}
        for place, arm in enumerate((f"plain-{model}", f"mixgen-{model}"))
    }
