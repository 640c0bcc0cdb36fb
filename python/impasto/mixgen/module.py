"""MixGen on batches that are tensors already, on whatever device they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from impasto.batch import IMAGES, Batch, BatchId, is_view, mapping_like
from impasto.checks import choice, require, whole
from impasto.errors import RecipeError
from impasto.mixgen.captions import mix_captions, splice
from impasto.mixgen.cutting import cut
from impasto.mixgen.draw import plan_at
from impasto.mixgen.published import mixgen_batch
from impasto.ops import mix
from impasto.plan import MixPlan
from impasto.recipe import Alternate, MixGen
from impasto.streams import counted, stream

#: Names that batches give to the captions that are mixed.
CAPTIONS = ("captions", "caption", "text", "texts")
#: Names that a mixed mapping has besides its own.
Added = Literal["lost", "mix_plan"]
ADDED: tuple[Added, ...] = ("lost", "mix_plan")
IDS, MASK, TYPES = "input_ids", "attention_mask", "token_type_ids"


Named = TypeVar("Named", bound=Mapping[str, Any])


def _drawn(generator: torch.Generator) -> int:
    return int(torch.randint(2**62, (), generator=generator, device=generator.device))


def _mixed(images: Tensor, plan: MixPlan) -> Tensor:
    return cut(images, plan) if plan.is_cut else mix(images, plan.partners, plan.lams)


class BatchMixGen(nn.Module):
    """MixGen as a module: ``batch = mixgen(batch)`` in a training loop or Lightning's ``on_after_batch_transfer``.

    It takes an `impasto.Batch` or any mapping and returns a new one of its kind. Images, under any of the names given,
    are blended by one plan (so that TCL's two views get the same partners and lams), and so are a loader's views
    (``images_1`` and so on); captions are mixed as strings, ``input_ids`` with ``attention_mask`` and
    ``token_type_ids`` are spliced; everything else (labels, keys) is passed through. uint8 images are rounded as a
    loader of uint8 images rounds them. Nothing is changed in place. In evaluation mode batches pass through whole.

    With a batch's id, ``mixgen(batch, id=loaded.id)``, the plan depends on the seed and that alone, whatever the number
    of workers, ranks or restarts; an `impasto.Batch` has its id. Without, the n-th call follows
    ``plan_at(mix, seed=seed, step=n)``, and the number of calls is part of ``state_dict()``.

    Within `torch.compile` it is left as it is: it draws, and joins strings. What it does to tensors compiles whole:
    `draw_tensors` first, outside, then `apply_images` and `apply_ids`.

    Args:
        mix: What is mixed and how.
        seed: Key of the plans.
        images: Names whose tensors [B, ...] are blended.
        captions: Names whose lists of strings are joined.
        end: Whether rows of ids end with a special token; False for ALBEF's tokenizer.
        compat: ``"mixgen_batch"`` for the official whole-batch function, which reads rows that it has already mixed
            (see `impasto.mixgen.mixgen_batch`); lam must be a number then, and ids can't be mixed.
        adds: What a mapping is given besides what it has: ``"lost"`` (tokens that did not fit, of ids) and
            ``"mix_plan"``. With ``()`` it keeps its names, for a model that is called with ``**batch``; the plan is
            then what ``plan_at`` draws for the batch's id, or what was given as ``plan=``.

    Raises:
        RecipeError: If the plan would depend on more than its number (``pairing="fit"``), or a value makes no sense.

    Examples:
        >>> import torch
        >>> batch = {"images": torch.rand(8, 3, 4, 4), "captions": list("abcdefgh"), "labels": torch.arange(8)}
        >>> mixed = BatchMixGen(MixGen(ratio=0.25))(batch)
        >>> mixed["captions"]
        ['a c', 'b d', 'c', 'd', 'e', 'f', 'g', 'h']
        >>> mixed["mix_plan"]
        MixPlan(8 rows, mixed: [0+2@0.5, 1+3@0.5])
    """

    def __init__(
        self,
        mix: MixGen | Alternate | None = None,
        *,
        seed: int = 0,
        images: Sequence[str] = IMAGES,
        captions: Sequence[str] = CAPTIONS,
        end: bool = True,
        compat: Literal["mixgen_batch"] | None = None,
        adds: Sequence[Added] = ADDED,
    ) -> None:
        super().__init__()
        self.mix: MixGen | Alternate = mix if mix is not None else MixGen()
        require(isinstance(self.mix, MixGen | Alternate), f"mix={mix!r} must be an impasto.MixGen or Alternate")
        whole("seed", seed, bits=64)
        require(self.mix.pairing != "fit", "pairing='fit' needs the loader, which knows the captions' lengths")
        choice("compat", compat, ("mixgen_batch", None))
        fixed = isinstance(self.mix, MixGen) and isinstance(self.mix.lam, float | int) and self.mix.join == " "
        require(compat is None or fixed, "compat='mixgen_batch' has one fixed lam and joins by a space")
        self.seed = seed
        self.images = tuple(images)
        self.captions = tuple(captions)
        self.end = end
        self.compat = compat
        known = not isinstance(adds, str) and all(isinstance(name, str) and name in ADDED for name in adds)
        require(known, f"adds={adds!r} must be some of {ADDED}")
        self.adds = tuple(adds)
        self._calls = 0

    def extra_repr(self) -> str:
        """What is mixed and how, for the module's printed form."""
        end, compat = "" if self.end else ", end=False", f", compat={self.compat!r}" if self.compat else ""
        return f"{self.mix!r}, seed={self.seed}{end}{compat}"

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def forward(
        self,
        batch: Named,
        *,
        plan: MixPlan | None = None,
        id: BatchId | None = None,
        generator: torch.Generator | None = None,
    ) -> Named:
        """Mixes a batch.

        Args:
            batch: A `Batch`, or tensors [B, ...] and lists of B strings by name.
            plan: The plan to follow, such as a loader's; drawn by default.
            id: When the batch comes, as `Batch.id` says (a `Batch`'s own by default); the plan is that of ``plan_at``
                for it, not of a call.
            generator: Draws the plan's seed, instead of the module's own.

        Returns:
            A new mapping, with the plan as ``"mix_plan"`` where ``adds`` has it (the published function has none); a
            new `Batch`, with it as ``plan.mix``.

        Raises:
            RecipeError: If it is no mapping, there are no images, sizes differ, ids can't be spliced, or the loader has
                mixed already.
            BatchError: If a `Batch` comes without what was drawn for it.
        """
        require(
            isinstance(batch, Mapping),
            f"batch is a {type(batch).__name__}; give an impasto.Batch or a mapping such as {{'images': images, "
            "'captions': captions}, or collate with MixGenCollate, which takes tuples",
        )
        if not self.training:
            return batch if isinstance(batch, Batch) else mapping_like(batch, {})
        if isinstance(batch, Batch):
            return self._of_batch(batch, plan, id, generator)  # type: ignore[return-value]
        changed = self._changes(batch, plan, id, generator)
        wanted = {*batch, *self.adds}
        return mapping_like(batch, {name: value for name, value in changed.items() if name in wanted})

    def _of_batch(
        self, batch: Batch, plan: MixPlan | None, id: BatchId | None, generator: torch.Generator | None
    ) -> Batch:
        require(not batch.plan.mixed.any(), "the loader has mixed this batch; leave mix= or BatchMixGen out")
        if plan is None and generator is None and id is None:
            id = batch.id
        named: dict[str, Any] = dict(batch) | {"captions": batch.captions}
        named = {name: value for name, value in named.items() if value is not None}
        mixed = self._changes(named, plan, id, generator)
        if "mix_plan" in mixed:
            mixed["plan"] = replace(batch.plan, mix=mixed.pop("mix_plan"))
        if "lost" in mixed and batch.lost is not None:
            mixed["lost"] = batch.lost + mixed["lost"].to(batch.lost.dtype)
        return batch.changed(**mixed)

    def _changes(
        self, batch: Mapping[str, Any], plan: MixPlan | None, id: BatchId | None, generator: torch.Generator | None
    ) -> dict[str, Any]:
        names = [*self.images, *(name for name in batch if is_view(name))]
        pictures = {name: batch[name] for name in names if name in batch}
        if not pictures:
            raise RecipeError(f"the batch has none of the images {self.images}; name them with images=")
        sizes = {name: len(picture) for name, picture in pictures.items()}
        rows = next(iter(sizes.values()))
        require(set(sizes.values()) == {rows}, f"views of different batch sizes: {sizes}")
        self.mix.check_batch(rows)
        given = [name for name, value in {"plan": plan, "id": id, "generator": generator}.items() if value is not None]
        require(len(given) < 2, f"{' and '.join(given)} each say what is drawn; give one of them")
        require(id is None or isinstance(id, BatchId), f"id must be a BatchId, such as batch.id, not {id!r}")
        if self.compat is not None:
            require(plan is None, "compat='mixgen_batch' draws as the published function does, and follows no plan")
            return self._as_published(batch, pictures, rows, self._stream(id, generator))
        if plan is None:
            plan = self._plan(rows, id, generator)
        last = [name for name, picture in pictures.items() if picture.ndim == 4 and picture.shape[-1] == 3]
        last = [name for name in last if pictures[name].shape[1] not in (1, 3)]
        require(not (plan.is_cut and last), f"{last} are [B, H, W, 3], and rectangles are cut from [B, 3, H, W]")
        mixed: dict[str, Any] = {name: _mixed(picture, plan) for name, picture in pictures.items()}
        if plan.is_cut:
            plan = plan.at_size(*next(iter(pictures.values())).shape[-2:])
        mixed |= {name: mix_captions(batch[name], plan) for name in self.captions if name in batch}
        if IDS in batch:
            mixed |= self._spliced(batch, plan)
        return {**mixed, "mix_plan": plan}

    def _plan(self, rows: int, id: BatchId | None, generator: torch.Generator | None) -> MixPlan:
        if id is not None:
            at = {"epoch": id.epoch, "step": id.step, "number": id.number}
            return plan_at(self.mix, batch_size=rows, seed=self.seed, **at)
        step = self._next_call()
        seed = self.seed if generator is None else _drawn(generator)
        return plan_at(self.mix, batch_size=rows, seed=seed, step=step, number=step)

    def _stream(self, id: BatchId | None, generator: torch.Generator | None) -> np.random.Generator:
        if id is not None:
            return stream(self.seed, "mixgen_batch", id.epoch, id.step)
        return counted(self.seed, self._next_call() if generator is None else _drawn(generator))

    def _next_call(self) -> int:
        self._calls += 1
        return self._calls - 1

    def get_extra_state(self) -> Tensor:
        """The number of calls, for ``state_dict()``."""
        return torch.tensor(self._calls)

    def set_extra_state(self, state: Tensor) -> None:
        """Goes on after that many calls."""
        self._calls = int(state)

    def _spliced(self, batch: Mapping[str, Any], plan: MixPlan) -> dict[str, Any]:
        if MASK not in batch:
            raise RecipeError(f"{IDS} come without {MASK}, which says where captions end; add it to the batch")
        spliced = splice(batch[IDS], batch[MASK], plan, end=self.end, balance=self.mix.budget == "balance")
        new = {IDS: spliced.input_ids, MASK: spliced.attention_mask, "lost": spliced.lost}
        if TYPES in batch:
            flat = batch[TYPES].reshape(-1)[spliced.sources.clamp(min=0)]
            new[TYPES] = torch.where(spliced.sources >= 0, flat, 0)
        return new

    def _as_published(
        self, batch: Mapping[str, Any], pictures: Mapping[str, Tensor], rows: int, rng: np.random.Generator
    ) -> dict[str, Any]:
        if IDS in batch:
            raise RecipeError("compat='mixgen_batch' joins strings; tokenise after it")
        index = rng.permutation(rows)
        lam = float(self.mix.lam)  # type: ignore[arg-type, union-attr]  # asked for when it was made
        mixed: dict[str, Any] = {}
        texts = {name: batch[name] for name in self.captions if name in batch}
        for name, picture in pictures.items():
            mixed[name], _ = mixgen_batch(picture, [""] * rows, index, lam)
        for name, captions in texts.items():
            _, mixed[name] = mixgen_batch(torch.zeros(rows, 1), captions, index, lam)
        return mixed
