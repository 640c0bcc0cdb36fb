"""How vision-language models are pretrained: as the papers did, and small."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from impasto.checks import at_least, choice, probability, require

if TYPE_CHECKING:
    from impasto_lab.training import FitSettings

#: The models there are.
Kind = Literal["clip", "vilt", "albef", "tcl"]
#: Their sizes: a test's, a CPU's, the papers'.
Size = Literal["tiny", "small", "base"]
#: MixGen as published, its ablations, or none.
Mixing = Literal["none", "default", "a", "b", "c", "d", "e"]

#: What all models have at the sizes that are not the papers'.
_SIZES: dict[str, dict[str, Any]] = {
    "tiny": {"steps": 150, "lr": 2e-3, "warmup": 10, "log_every": 10, "weight_decay": 0.0},
    "small": {"steps": 3000, "lr": 1e-3, "warmup": 100},
    "base": {"compact": False, "clip": None, "log_every": 50, "save_every": 2000},
}
_FUSION = {
    "batch_size": 64, "steps": 300_000, "lr": 1e-4, "min_lr": 1e-5, "betas": (0.9, 0.999), "eps": 1e-8,
    "weight_decay": 0.02, "warmup": 2000,
}  # fmt: skip
#: What is each paper's own, with the batch of each of its processes.
_PAPERS: dict[str, dict[str, Any]] = {
    # Radford et al. 2021, tables 18 and 20: 32,768 pairs a step, here of 64 processes; 32 epochs of 400 M.
    "clip": {
        "batch_size": 512, "steps": 390_625, "lr": 5e-4, "betas": (0.9, 0.98), "eps": 1e-6, "weight_decay": 0.2,
        "warmup": 2000, "amp": "bfloat16",
    },
    # Kim et al. 2021, section 4.1 and the published settings: 4,096 pairs a step, here of 8 processes.
    "vilt": {
        "batch_size": 64, "accumulate": 8, "steps": 100_000, "lr": 1e-4, "betas": (0.9, 0.98), "eps": 1e-8,
        "weight_decay": 0.01, "warmup": 2500, "schedule": "linear", "amp": "bfloat16",
    },
    # Li et al. 2021, section 3.5, and Yang et al. 2022, section 4.1: 512 pairs a step, of 8 processes; 30 epochs.
    "albef": _FUSION,
    "tcl": _FUSION,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PretrainSettings:
    """How a vision-language model is pretrained.

    Args:
        model: ``"clip"``, ``"vilt"``, ``"albef"`` or ``"tcl"``.
        preset: Its size: ``"tiny"``, ``"small"`` or ``"base"``.
        mixgen: How pairs are mixed: not at all, as published, or as in the paper's ablations a to e.
        ratio: M as a share of the batch. Above a half, partners are drawn from the whole batch instead of from its
            rest, so that all of it can be mixed (M = B).
        steps: Changes of the weights, over all epochs.
        batch_size: Pairs in a batch, on each process.
        lr: The highest learning rate.
        min_lr: The lowest, at the beginning and at the end.
        betas: Decay of AdamW's moments.
        eps: What AdamW adds to the square root of the second moment.
        weight_decay: On matrices, kernels and tables.
        warmup: Steps until the highest learning rate.
        schedule: How it goes down then: ``"cosine"``, ``"linear"`` or ``"constant"``.
        clip: Largest norm of all gradients together, or None.
        accumulate: Batches whose gradients are averaged for one step.
        amp: Mixed precision: ``"off"``, ``"bfloat16"`` or ``"float16"``.
        shard: Among several processes, each keeps a part of the weights.
        recompute: Compute blocks again on the way back instead of remembering what is in them.
        compile: Have torch compile blocks when they first run (torch.compile).
        compact: Give rows of the table of words to those that the data has, and to no others.
        length: Tokens of a caption at most; None is the preset's.
        lock_text: Keep a text tower that was loaded as it is, and train the rest. Then all words have rows: what isn't
            trained costs no step.
        queue: Features kept of earlier batches, of ALBEF and TCL; None is the preset's.
        seed: Of everything.
        log_every: Steps between two records.
        evaluate_every: Steps between two evaluations; 0 for one at the end alone.
        save_every: Steps between two checkpoints; 0 for one at the end alone.

    Raises:
        RecipeError: If a value makes no sense.
    """

    model: Kind = "clip"
    preset: Size = "small"
    mixgen: Mixing = "default"
    ratio: float = 0.25
    steps: int = 3000
    batch_size: int = 32
    lr: float = 1e-3
    min_lr: float = 0.0
    betas: tuple[float, float] = (0.9, 0.98)
    eps: float = 1e-6
    weight_decay: float = 0.1
    warmup: int = 100
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    clip: float | None = 1.0
    accumulate: int = 1
    amp: Literal["off", "bfloat16", "float16"] = "off"
    shard: bool = False
    recompute: bool = False
    compile: bool = False
    compact: bool = True
    length: int | None = None
    lock_text: bool = False
    queue: int | None = None
    seed: int = 0
    log_every: int = 20
    evaluate_every: int = 0
    save_every: int = 500

    def __post_init__(self) -> None:
        choice("model", self.model, ("clip", "vilt", "albef", "tcl"))
        choice("preset", self.preset, ("tiny", "small", "base"))
        choice("mixgen", self.mixgen, ("none", "default", "a", "b", "c", "d", "e"))
        probability("ratio", self.ratio)
        at_least(1, batch_size=self.batch_size, steps=self.steps)
        at_least(2, **({} if self.length is None else {"length": self.length}))
        require(self.queue is None or self.fuses, f"queue={self.queue} is ALBEF's and TCL's; {self.model} has none")
        self.for_loop()  # judged before a run's folder has anything

    @classmethod
    def of(cls, model: Kind, preset: Size = "small", **changes: Any) -> PretrainSettings:
        """A model's settings at a size, some of them changed; a run of few steps warms up over a tenth of them."""
        choice("model", model, tuple(_PAPERS))
        choice("preset", preset, tuple(_SIZES))
        values = _SIZES[preset] | (_PAPERS[model] if preset == "base" else {})
        if "steps" in changes and "warmup" not in changes:
            values = values | {"warmup": min(values["warmup"], changes["steps"] // 10)}
        if changes.get("lock_text"):
            values = values | {"compact": False}
        return cls(**{**values, **changes, "model": model, "preset": preset})

    def for_loop(self) -> FitSettings:
        """What the loop is told."""
        # It is torch's: settings are read before it is there.
        from impasto_lab.training import FitSettings

        shared = {one.name: getattr(self, one.name) for one in fields(FitSettings) if hasattr(self, one.name)}
        return FitSettings(unused=False, **shared)  # every loss of every model leads to all of it

    @property
    def fuses(self) -> bool:
        """Whether it is ALBEF or TCL."""
        return self.model in ("albef", "tcl")

    @property
    def tokens(self) -> int:
        """Tokens of a caption at most."""
        papers = {"clip": 77, "vilt": 40, "albef": 25, "tcl": 25}[self.model]
        return self.length or (papers if self.preset == "base" else 32)
