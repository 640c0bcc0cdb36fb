"""How models are tuned to tasks: as the papers did, and small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from impasto.checks import at_least, choice, probability, require

if TYPE_CHECKING:
    from impasto.recipe import BertTokenizer, ClipTokenizer, Recipe

#: The tasks that models are tuned to.
Tunable = Literal["retrieval", "vqa", "snli-ve", "nlvr2", "grounding", "captioning"]

#: What is each paper's own: ALBEF's section A and published settings, which TCL has too; 8 processes of this batch.
_FUSION: dict[str, dict[str, Any]] = {
    "retrieval": {"lr": 1e-5, "batch_size": 32, "warmup": 100, "min_lr": 1e-6, "epochs": 5, "image_size": 384},
    "vqa": {"lr": 2e-5, "batch_size": 32, "warmup": 400, "min_lr": 1e-6, "epochs": 8, "image_size": 384},
    "snli-ve": {"lr": 2e-5, "batch_size": 32, "warmup": 400, "min_lr": 1e-6, "epochs": 5, "image_size": 384},
    "grounding": {"lr": 1e-5, "batch_size": 32, "warmup": 100, "min_lr": 1e-6, "epochs": 5, "image_size": 384},
    # None of the papers tells captions; these are the settings of their other decoder, that of answers.
    "captioning": {"lr": 2e-5, "batch_size": 32, "warmup": 400, "min_lr": 1e-6, "epochs": 5, "image_size": 384},
    "nlvr2": {"lr": 2e-5, "batch_size": 16, "warmup": 400, "min_lr": 1e-6, "epochs": 10, "image_size": 384},
}
_ALL = {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.02, "clip": None, "save_every": 2000, "log_every": 50}
#: Kim et al. 2021, the published settings: 256 pairs a step of 8 processes, 10 epochs.
_VILT = {"lr": 1e-4, "batch_size": 32, "warmup": 2500, "schedule": "linear", "epochs": 10, "image_size": 384}
_SMALL: dict[str, Any] = {"lr": 3e-4, "batch_size": 32, "warmup": 50, "epochs": 20, "weight_decay": 0.02}


@dataclass(frozen=True, kw_only=True)
class TuneSettings:
    """How a pretrained model is tuned to a task.

    Args:
        epochs: Times that the data is gone through, whole batches of it.
        steps: Changes of the weights, in place of epochs.
        batch_size: Samples in a batch, on each process.
        lr: The highest learning rate.
        min_lr: The lowest, at the beginning and at the end.
        betas: Decay of AdamW's moments.
        eps: What AdamW adds to the square root of the second moment.
        weight_decay: On matrices, kernels and tables.
        warmup: Steps until the highest learning rate; of a short run a tenth of it.
        schedule: How it goes down then: ``"cosine"``, ``"linear"`` or ``"constant"``.
        clip: Largest norm of all gradients together, or None.
        accumulate: Batches whose gradients are averaged for one step.
        amp: Mixed precision: ``"off"``, ``"bfloat16"`` or ``"float16"``.
        image_size: Side of the images in pixels; None is that of the checkpoint.
        length: Tokens of a text at most; None is the task's.
        alpha: The teacher's weight, of ALBEF and TCL; it grows over the first epoch.
        queue: Features kept of earlier batches, of ALBEF's and TCL's retrieval; None is the checkpoint's.
        hflip: How often an image is mirrored; the papers do it to half of them, whatever texts say of left and right.
        seed: Of everything.
        log_every: Steps between two records.
        evaluate_every: Steps between two evaluations; 0 for one at the end alone.
        save_every: Steps between two checkpoints; 0 for one at the end alone.

    Raises:
        RecipeError: If a value makes no sense.
    """

    epochs: int = 20
    steps: int | None = None
    batch_size: int = 32
    lr: float = 3e-4
    min_lr: float = 0.0
    betas: tuple[float, float] = (0.9, 0.98)
    eps: float = 1e-6
    weight_decay: float = 0.02
    warmup: int = 50
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    clip: float | None = 1.0
    accumulate: int = 1
    amp: Literal["off", "bfloat16", "float16"] = "off"
    image_size: int | None = None
    length: int | None = None
    alpha: float = 0.4
    queue: int | None = None
    hflip: float = 0.0
    seed: int = 0
    log_every: int = 20
    evaluate_every: int = 0
    save_every: int = 500

    def __post_init__(self) -> None:
        at_least(1, epochs=self.epochs, batch_size=self.batch_size)
        require(self.steps is None or self.steps >= 1, f"steps={self.steps} must be at least 1")
        probability("alpha", self.alpha)
        probability("hflip", self.hflip)

    @classmethod
    def of(cls, task: Tunable, model: str, preset: Literal["small", "base"] = "small", **changes: Any) -> TuneSettings:
        """A task's settings for a model, some of them changed.

        Args:
            task: Its name.
            model: The kind of the model.
            preset: ``"base"`` for the papers', ``"small"`` for a CPU.
            changes: Any other values.
        """
        choice("preset", preset, ("small", "base"))
        if preset == "small":
            return cls(**{**_SMALL, **changes})
        papers = _VILT if model == "vilt" else _FUSION.get(task, _FUSION["retrieval"])
        mirrored = {"hflip": 0.5} if model in ("albef", "tcl") else {}
        return cls(**{**_ALL, **papers, **mirrored, **changes})


def recipe_of(
    kind: str,
    image_size: int,
    tokenizer: ClipTokenizer | BertTokenizer,
    *,
    length: int,
    question: bool = False,
    draws: float | None = None,
    crop: bool = True,
) -> Recipe:
    """What is done to images and texts in tuning and evaluation.

    Args:
        kind: The model's.
        image_size: Side of its images, in pixels.
        tokenizer: Makes its ids.
        length: Tokens of a text.
        question: Texts are questions, which ALBEF cleans as such.
        draws: How often images are mirrored in training, where they are cropped too (half of the image at least,
            except ViLT's); None draws nothing, as in evaluation.
        crop: Whether images are cropped in training; not where texts tell of parts of them.
    """
    from impasto.recipe import ImageRecipe, Recipe, TextRecipe

    fuses = kind in ("albef", "tcl")
    shape: dict[str, Any] = {"size": image_size, "crop": "none"}
    if draws is not None and kind != "vilt":
        cut: dict[str, Any] = {"scale": (0.5, 1.0)} if crop else {"crop": "none"}
        shape = {"size": image_size, **cut, "hflip": draws}
    image = ImageRecipe(**shape, normalize="inception" if kind == "vilt" else "clip")
    prepare: dict[str, Any] = {}
    if fuses:
        prepare = {"prepare": "question" if question else "caption", "max_words": 50 if question else 30}
    return Recipe(image=image, text=TextRecipe(tokenizer=tokenizer, length=length, **prepare), mix=None)
