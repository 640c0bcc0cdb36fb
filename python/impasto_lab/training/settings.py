"""How a model is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from impasto.checks import choice, require

#: How a learning rate goes down.
Schedule = Literal["cosine", "linear", "constant"]


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """How a model is trained.

    Args:
        steps: Changes of the weights, over all epochs.
        lr: The highest learning rate.
        min_lr: The lowest: where warming up begins and the schedule ends.
        betas: Decay of AdamW's first and second moments.
        eps: What AdamW adds to the square root of the second moment.
        weight_decay: See `impasto_lab.training.optimizer.adamw`.
        warmup: Steps until the highest learning rate.
        schedule: What follows: half a ``"cosine"`` down, a ``"linear"`` way down, or ``"constant"``.
        clip: Largest norm of all gradients together, or None.
        accumulate: Batches whose gradients are averaged for one step.
        amp: Compute in ``"bfloat16"`` or ``"float16"`` where it is safe, or ``"off"``.
        shard: Among several processes, each keeps a part of the weights, gradients and moments (torch's
            ``fully_shard``) instead of all of them. A task then has to compute with its model's own modules, not with
            scripted copies, and all processes evaluate.
        unused: Among several processes, look in every pass for parameters that it doesn't use; without, each must have
            a gradient.
        seed: Key of what a model draws in training (dropout); step by step, so that resuming needs no generator.
        log_every: Steps between two records.
        evaluate_every: Steps between two evaluations; 0 evaluates after the last step alone.
        save_every: Steps between two checkpoints; 0 saves after the last step alone.

    Raises:
        RecipeError: If a value makes no sense.
    """

    steps: int
    lr: float = 1e-3
    min_lr: float = 0.0
    betas: tuple[float, float] = (0.9, 0.98)
    eps: float = 1e-6
    weight_decay: float = 0.1
    warmup: int = 0
    schedule: Schedule = "cosine"
    clip: float | None = 1.0
    accumulate: int = 1
    amp: Literal["off", "bfloat16", "float16"] = "off"
    shard: bool = False
    unused: bool = True
    seed: int = 0
    log_every: int = 10
    evaluate_every: int = 0
    save_every: int = 0

    def __post_init__(self) -> None:
        least = min(self.steps, self.log_every, self.accumulate)
        counts = f"steps={self.steps}, log_every={self.log_every} and accumulate={self.accumulate}"
        require(least >= 1, f"{counts} must be at least 1")
        require(0 <= self.warmup <= self.steps, f"warmup={self.warmup} must lie in 0..steps={self.steps}")
        positive = self.lr > 0 and (self.clip is None or self.clip > 0)
        require(positive, f"lr={self.lr} and clip={self.clip} must be positive")
        require(0 <= self.min_lr <= self.lr, f"min_lr={self.min_lr} must lie in 0..lr={self.lr}")
        require(all(0 <= beta < 1 for beta in self.betas), f"betas={self.betas} must lie in [0, 1)")
        require(self.eps > 0, f"eps={self.eps} must be positive")
        choice("schedule", self.schedule, ("cosine", "linear", "constant"))
        choice("amp", self.amp, ("off", "bfloat16", "float16"))
