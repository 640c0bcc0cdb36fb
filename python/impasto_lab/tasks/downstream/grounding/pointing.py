"""Referring expressions on RefCOCO+, weakly supervised: no box is trained on, a model's heat map chooses one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from impasto.checks import require
from impasto.errors import SourceError
from impasto.files import new_file
from impasto.ops import decode
from impasto.sources import Source
from impasto_lab.metrics import Grounding, box_overlaps, find_boxes
from impasto_lab.models import Albef, fusion_maps, image_maps
from impasto_lab.models.looking import fusion_layer, image_layer
from impasto_lab.models.queue import require_divisor
from impasto_lab.tasks.downstream.batches import evaluation_batches, training_batches
from impasto_lab.tasks.downstream.grounding.proposals import Proposals, proposals_of
from impasto_lab.tasks.downstream.looking.drawing import CHOSEN, RIGHT, draw_heat, save_picture
from impasto_lab.tasks.downstream.opened import Opened
from impasto_lab.tasks.downstream.options import GroundingOptions
from impasto_lab.tasks.downstream.retrieving import FusionRetrieval
from impasto_lab.tasks.downstream.settings import TuneSettings
from impasto_lab.tasks.downstream.task import Downstream, Figures, Judging, Tuning
from impasto_lab.tasks.evaluating import evaluating
from impasto_lab.tasks.pretrain.vocabulary import captions_of
from impasto_lab.tasks.tokens import tokens
from impasto_lab.training.distributed import world

_NAME = "grounding"
#: What an expression's facts must have.
_NEEDED = ("bbox", "height", "width", "image_id")
#: How much of a truth's and a proposal's union their intersection must be.
_ENOUGH = 0.5


def begin(opened: Opened, data: Source, settings: TuneSettings, judging: Judging, held_out: Source | None) -> Tuning:
    """Sets up the training by contrast and matching of images and expressions, as for retrieval (Li et al. 2021).

    Images are not cropped, so that what an expression means is in them. Expressions of an image are no negatives.

    Raises:
        RecipeError: If batches don't fill the queue.
    """
    rank, processes = world()
    sized = opened.at_size(image_size=settings.image_size, queue=settings.queue)
    recipe = sized.recipe(length=settings.length, draws=settings.hflip, crop=False)
    assert recipe.text is not None
    ready = sized.knowing(captions_of(data), recipe.text, seed=settings.seed).tuned(_NAME)
    base = ready.base
    assert isinstance(base, Albef)
    require_divisor(base.settings.queue, settings.batch_size * processes)
    base.to(judging.device)
    loader = training_batches(ready, data, recipe, settings, judging)
    if held_out is not None:
        require_pointable(base, held_out, judging)
    held = None if held_out is None or rank else lambda: judge(ready, held_out, judging)
    ramp = len(data) // settings.batch_size
    return Tuning(ready, FusionRetrieval(base, held, alpha=settings.alpha, ramp=ramp, seed=settings.seed), loader)


@dataclass(frozen=True, eq=False)
class Pointed:
    """Where a model looks for an expression.

    Attributes:
        row: The expression's, in the data.
        facts: The data's, of it.
        heat: [h, w].
        proposals: [P, 4] left, top, width, height, in pixels.
    """

    row: int
    facts: Mapping[str, Any]
    heat: Tensor
    proposals: np.ndarray[Any, np.dtype[np.float64]]


def judge(opened: Opened, data: Source, judging: Judging) -> Figures:
    """The share of expressions whose box was chosen: of all, and of each split.

    ``reachable`` is the share that has a proposal that overlaps enough, ``empty`` that of maps that lie on no proposal,
    which are misses. ``grounding_results.json`` and pictures are written where there is a folder.

    Raises:
        RecipeError: If there is no such layer, or pictures are asked for without a folder.
        SourceError: If an expression has no box, or an image no proposals.
    """
    options: GroundingOptions = judging.options
    assert isinstance(opened.base, Albef)
    proposals = require_pointable(opened.base, data, judging)
    pointed, results, chosen = [], [], []
    for number, one in enumerate(heat_maps(opened, data, proposals, judging)):
        found = choose([one], options.power)
        chosen.append(found)
        pointed.append(one.facts)
        result = _result(one, found, data)
        if number < options.pictures:
            result["picture"] = _draw(one, found, data, judging, number)
        results.append(result)
    if judging.out is not None:
        with new_file(judging.out / "grounding_results.json") as file:
            file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    every = Grounding(np.concatenate([one.chosen for one in chosen]), np.concatenate([one.overlaps for one in chosen]))
    return figures(every, pointed, np.array([one["reachable"] for one in results]))


def require_pointable(model: Albef, data: Source, judging: Judging) -> Proposals:
    """Requires that `judge` can be done, before anything is computed.

    Returns:
        The proposals.

    Raises:
        RecipeError: As `judge` does.
        SourceError: If there are no proposals, or the folder can't be made.
    """
    options: GroundingOptions = judging.options
    needs = f"{options.pictures} pictures need a folder; name one (out)"
    require(options.pictures == 0 or judging.out is not None, needs)
    (fusion_layer if options.by == "itm" else image_layer)(model, options.layer)
    proposals = proposals_of(data, options.proposals)
    judging.require_out()
    return proposals


def figures(found: Grounding, facts: Sequence[Mapping[str, Any]], reachable: np.ndarray[Any, Any]) -> Figures:
    """What `judge` tells of choices; ``reachable`` [N] bool says which expressions have a proposal that would do."""
    told = {"accuracy": found.accuracy}
    splits = [str(one.get("split")) for one in facts]
    for split in dict.fromkeys(splits):
        of_split = np.array([one == split for one in splits])
        told[split] = 100 * float(found.correct[of_split].mean())
    return {**told, "reachable": 100 * float(reachable.mean()), "empty": 100 * float((found.chosen < 0).mean())}


def choose(pointed: Sequence[Pointed], power: float = 0.5) -> Grounding:
    """The proposals that maps point at; see `find_boxes`."""
    return find_boxes(
        [one.heat for one in pointed],
        [(one.facts["height"], one.facts["width"]) for one in pointed],
        [one.proposals for one in pointed],
        [one.facts["bbox"] for one in pointed],
        power=power,
    )


def heat_maps(opened: Opened, data: Source, proposals: Proposals, judging: Judging) -> Iterator[Pointed]:
    """Where a model looks for each expression, in the data's order.

    Raises:
        RecipeError: If there is no such layer.
        SourceError: If an expression has no box, or an image no proposals.
    """
    options: GroundingOptions = judging.options
    model = opened.base
    assert isinstance(model, Albef)
    loader = evaluation_batches(opened, data, opened.recipe(), judging)
    with evaluating(model) as device:
        for number, batch in enumerate(loader, 1):
            images, (input_ids, mask) = batch.images.to(device), (part.to(device) for part in tokens(batch))
            maps = _maps(model, images, input_ids, mask, options).cpu()
            for row, key, heat in zip(batch.samples.tolist(), batch.keys, maps, strict=True):
                facts = data.facts(row)
                missing = [name for name in _NEEDED if name not in facts]
                if missing:
                    reason = f"the expression has no {', '.join(missing)}; open RefCOCO+'s folder, or name it (folder)"
                    raise SourceError(reason, key=key)
                yield Pointed(row, facts, heat, proposals.of(facts["image_id"], key))
            judging.progress(number, len(loader))


def _maps(model: Albef, images: Tensor, input_ids: Tensor, mask: Tensor, options: GroundingOptions) -> Tensor:
    """[B, h, w]."""
    if options.by == "itm":
        return fusion_maps(model, lambda: model.match(images, input_ids, mask)[:, 1], mask, layer=options.layer)

    def similarity() -> Tensor:
        return (model.encode_images(images) * model.encode_texts(input_ids, mask)).sum(dim=1) / model.temp

    return image_maps(model, similarity, layer=options.layer)


def _result(one: Pointed, found: Grounding, data: Source) -> dict[str, Any]:
    place, overlap = int(found.chosen[0]), float(found.overlaps[0])
    best = box_overlaps(one.facts["bbox"], one.proposals).max(initial=0.0)
    ids = {name: one.facts[name] for name in ("ref_id", "sent_id", "split") if name in one.facts}
    told = {"image": data.key(one.row), **ids, "text": " ".join(one.facts["captions"][:1])}
    box = None if place < 0 else one.proposals[place].tolist()
    return {
        **told,
        "box": box,
        "truth": list(one.facts["bbox"]),
        "overlap": overlap,
        "reachable": bool(best >= _ENOUGH),
    }


def _draw(one: Pointed, found: Grounding, data: Source, judging: Judging, number: int) -> str:
    """Draws a map, and gives its file's name below the folder."""
    assert judging.out is not None
    place = int(found.chosen[0])
    boxes = [(one.facts["bbox"], RIGHT)] + ([] if place < 0 else [(one.proposals[place].tolist(), CHOSEN)])
    return save_picture(draw_heat(decode(data[one.row].image), one.heat, boxes), judging.out, number)


TASK = Downstream(name=_NAME, models=("albef", "tcl"), options=GroundingOptions, judge=judge, begin=begin)
