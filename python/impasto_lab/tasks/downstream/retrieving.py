"""Image-text retrieval, zero-shot and fine-tuned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import blake2b

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.batch import Batch
from impasto.checks import at_least, require
from impasto.loading import Loader
from impasto.sources import Source
from impasto.streams import stream
from impasto_lab.models import Albef, Clip, Vilt
from impasto_lab.models.gathering import gathered
from impasto_lab.models.queue import require_divisor
from impasto_lab.tasks.contrastive import ContrastiveTask
from impasto_lab.tasks.downstream.opened import Opened, open_checkpoint, require_task
from impasto_lab.tasks.downstream.options import RetrievalOptions
from impasto_lab.tasks.downstream.searching import require_candidates, search
from impasto_lab.tasks.downstream.settings import TuneSettings
from impasto_lab.tasks.downstream.task import Downstream, Figures, Judging, Tuning
from impasto_lab.tasks.held_out import HeldOut
from impasto_lab.tasks.pretrain.vocabulary import captions_of
from impasto_lab.tasks.tokens import tokens
from impasto_lab.training.distributed import world

_MODELS = ("clip", "vilt", "albef", "tcl")
#: Wrong captions that a ViLT tells an image's own from (Kim et al. 2021, section 4.2).
_WRONG = 15


def begin(opened: Opened, data: Source, settings: TuneSettings, judging: Judging, held_out: Source | None) -> Tuning:
    """Sets up the fine-tuning: CLIP by contrast, ViLT by ranking, ALBEF and TCL by contrast and matching.

    Rows of a source that share a key show one image: they are each other's, and no negatives.

    Raises:
        CheckpointError: If the checkpoint was tuned to another task.
        RecipeError: If batches don't fill the queue.
    """
    rank, processes = world()
    sized = opened.at_size(image_size=settings.image_size, queue=settings.queue)
    recipe = sized.recipe(length=settings.length, draws=settings.hflip)
    assert recipe.text is not None
    ready = sized.knowing(captions_of(data), recipe.text, seed=settings.seed).tuned("retrieval")
    if isinstance(ready.base, Albef):
        require_divisor(ready.base.settings.queue, settings.batch_size * processes)
    ready.base.to(judging.device)
    loader = Loader(
        data,
        recipe,
        batch_size=settings.batch_size,
        workers=judging.workers,
        seed=settings.seed,
        rank=rank,
        world_size=processes,
        form=ready.compact,
    )
    held = _Held(ready, held_out, judging) if held_out is not None and rank == 0 else None
    base = ready.base
    if isinstance(base, Clip):
        return Tuning(ready, _ClipRetrieval(base, held), loader)
    if isinstance(base, Vilt):
        return Tuning(ready, ViltRetrieval(base, held, seed=settings.seed), loader)
    ramp = len(data) // settings.batch_size
    return Tuning(ready, FusionRetrieval(base, held, alpha=settings.alpha, ramp=ramp, seed=settings.seed), loader)


def judge(opened: Opened, data: Source, judging: Judging) -> Figures:
    """R@1, R@5 and R@10 of both directions and their sum, in per cent; ties are misses.

    Raises:
        RecipeError: If k is larger than the candidates, or the model has no use for it.
        CheckpointError: If the checkpoint, or that of the prefilter, is of another task or model.
    """
    return _Held(opened, data, judging)()


class _Held:
    """Retrieval on held-out data, whenever it is asked for.

    Args:
        opened: The model; looked at as it is when it is asked.
        data: Images and captions.
        judging: How.
    """

    def __init__(self, opened: Opened, data: Source, judging: Judging) -> None:
        options: RetrievalOptions = judging.options
        kind = opened.kind
        require(kind == "vilt" or options.prefilter is None, f"{kind} has towers of its own; leave the prefilter out")
        require(kind != "clip" or options.k is None, "a clip looks at no pair closely; leave k out")
        pairs = options.k is None or kind != "vilt" or options.prefilter is not None
        require(pairs, f"a vilt asks about every pair; k={options.k} needs a prefilter that chooses candidates")
        self._opened, self._judging, self._options = opened, judging, options
        self._held = held_of(opened, data, judging)
        if options.k is not None:
            require_candidates(len(self._held.images), len(self._held.captions), options.k)
        self._scores: Tensor | None = None
        if options.prefilter is not None:
            towers = open_checkpoint(options.prefilter)
            require_task(towers, "a prefilter", ("clip", "albef", "tcl"), tuned=False)
            assert not isinstance(towers.base, Vilt)
            towers.base.to(judging.device)
            self._scores = held_of(towers, data, judging).scores(towers.base, batch_size=judging.batch_size)

    def __call__(self) -> Figures:
        model, judging = self._opened.base, self._judging
        if isinstance(model, Clip):
            return self._held.retrieval(model).as_dict()
        scores = self._scores if isinstance(model, Vilt) else self._held.scores(model, batch_size=judging.batch_size)
        found = search(
            self._held,
            model,
            scores=scores,
            k=self._options.k,
            batch_size=judging.batch_size,
            progress=judging.progress,
        )
        return found.as_dict()


def held_of(opened: Opened, data: Source, judging: Judging) -> HeldOut:
    """All images and captions of data, as a model takes them."""
    held = HeldOut.of(data, opened.recipe(), batch_size=judging.batch_size, workers=judging.workers)
    return held if opened.compact is None else replace(held, input_ids=opened.compact.rows(held.input_ids))


class _ClipRetrieval(ContrastiveTask[Clip]):
    """CLIP's own step, and retrieval by it."""

    def __init__(self, model: Clip, held: _Held | None) -> None:
        super().__init__(model)
        self._held = held

    def evaluate(self) -> dict[str, float]:
        """Retrieval on the held-out data."""
        return self._held() if self._held else {}


class ViltRetrieval:
    """Trains a ViLT to tell each image's caption from others of the batch (Kim et al. 2021, section 4.2).

    The logit of "yes" is the score. The published code draws 15 wrong captions from the whole data set, here they are
    the batch's, as many as it has.

    Args:
        model: What is trained.
        held: Retrieval on held-out data, or None.
        seed: Key of the wrong captions.
    """

    def __init__(self, model: Vilt, held: _Held | None = None, *, seed: int = 0) -> None:
        self.model, self._held, self.seed = model, held, seed

    def step(self, batch: Batch) -> Mapping[str, Tensor]:
        """The loss of a batch, and the share of images whose caption is told (``accuracy``).

        Raises:
            RecipeError: If the batch has one pair alone.
        """
        input_ids, attention_mask = tokens(batch)
        count = len(input_ids)
        require(count > 1, "a batch of one pair has no wrong captions; use a larger batch_size")
        draw = stream(self.seed, "wrong captions", batch.id.epoch, batch.id.step)
        steps = torch.stack(
            [torch.from_numpy(draw.permutation(count - 1) + 1)[: min(_WRONG, count - 1)] for _ in range(count)]
        )
        own = torch.arange(count)[:, None]
        texts = torch.cat([own, (own + steps) % count], dim=1)  # [B, 1 + wrong]
        images = own.expand_as(texts)
        mask = attention_mask[texts.flatten()]
        words = self.model.embed_words(input_ids)[texts.flatten()]
        patches = self.model.embed_patches(batch.images)[images.flatten()]
        mixed, _ = self.model.mix(words, patches, mask)
        scores = self.model.judged(mixed)[:, 1].view(texts.shape)
        numbers = image_numbers(batch)
        same = (numbers[texts] == numbers[:, None]).to(scores.device)
        same[:, 0] = False
        scores = scores.masked_fill(same, float("-inf"))
        right = torch.zeros(count, dtype=torch.int64, device=scores.device)
        accuracy = (scores.argmax(dim=1) == right).float().mean()
        return {"loss": functional.cross_entropy(scores, right), "accuracy": accuracy}

    def after_step(self) -> None:
        """Nothing is left to do."""

    def evaluate(self) -> dict[str, float]:
        """Retrieval on the held-out data."""
        return self._held() if self._held else {}


class FusionRetriever(nn.Module):
    """An ALBEF or a TCL that knows which image each feature of its queue is of.

    Args:
        base: The model.

    Attributes:
        numbers: [K] int64, the images' numbers, as `image_numbers` has them; -1 where nothing is yet.
    """

    numbers: Tensor

    def __init__(self, base: Albef) -> None:
        super().__init__()
        self.base = base
        self.register_buffer("numbers", torch.full((base.settings.queue,), -1, dtype=torch.int64))

    def forward(
        self, images: Tensor, input_ids: Tensor, attention_mask: Tensor, numbers: Tensor, draws: Tensor, alpha: float
    ) -> dict[str, Tensor]:
        """The losses ``ita`` and ``itm`` of a batch.

        Args:
            images: [B, 3, H, W].
            input_ids: [B, L].
            attention_mask: [B, L].
            numbers: [B] int64, which image each row shows.
            draws: [2, B] in [0, 1): places of wrong images and captions.
            alpha: The teacher's weight.
        """
        base = self.base
        seen = base.towers(images, input_ids, attention_mask)
        with torch.no_grad():
            taught = base.teacher(images, input_ids, attention_mask)
        same = numbers[:, None] == torch.cat([numbers, self.numbers])  # [B, B + K]
        losses, similarities = base.align(seen, taught, attention_mask, alpha, same)
        if len(self.numbers):
            place, new = int(base.queue.place), gathered(numbers)
            self.numbers[place : place + len(new)] = new
        base.queue.add(taught.image_features, taught.text_features)
        wrong = same[:, : len(images)]
        losses["itm"] = base.matching(seen, attention_mask, similarities, (draws[0], draws[1]), wrong)
        return losses


class FusionRetrieval:
    """Fine-tunes an ALBEF or a TCL by contrast and matching, as Li et al. 2021 do (section 5.1).

    Targets of the contrast are shared by all that show the row's image, in the batch and in the queue. A TCL's teacher
    sees the same view here.

    Args:
        base: What is trained.
        held: Judges held-out data, or None.
        alpha: The teacher's weight.
        ramp: Batches, of all processes together, over which it grows from 0.
        seed: Key of the wrong images and captions.
    """

    def __init__(
        self,
        base: Albef,
        held: Callable[[], Figures] | None = None,
        *,
        alpha: float = 0.4,
        ramp: int = 0,
        seed: int = 0,
    ) -> None:
        at_least(0, ramp=ramp)
        self.model = FusionRetriever(base).to(base.temp.device)
        self._held, self.alpha, self.ramp, self.seed = held, alpha, ramp, seed

    def step(self, batch: Batch) -> Mapping[str, Tensor]:
        """The losses of a batch."""
        input_ids, attention_mask = tokens(batch)
        id, device = batch.id, input_ids.device
        draws = stream(self.seed, "hard negatives", id.epoch, id.step).random((2, len(input_ids)))
        alpha = self.alpha * min(1.0, id.number / self.ramp) if self.ramp else self.alpha
        numbers, given = image_numbers(batch).to(device), torch.from_numpy(draws).to(device)
        losses = self.model(batch.images, input_ids, attention_mask, numbers, given, alpha)
        return {"loss": losses["ita"] + losses["itm"], **losses}

    def after_step(self) -> None:
        """The teacher follows."""
        self.model.base.follow()

    def evaluate(self) -> dict[str, float]:
        """What is found of the held-out data."""
        return self._held() if self._held else {}


def image_numbers(batch: Batch) -> Tensor:
    """[B] int64, on the CPU: equal where rows have one key, which says that they show one image."""
    digests = [blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest() for key in batch.keys]
    return torch.tensor([int.from_bytes(one) >> 1 for one in digests])


TASK = Downstream(
    name="retrieval",
    models=_MODELS,
    options=RetrievalOptions,
    judge=judge,
    begin=begin,
    note="ties count as misses: wrong ones that score as high as the right one come before it",
)
