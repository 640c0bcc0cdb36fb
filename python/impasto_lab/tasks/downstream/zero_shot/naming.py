"""Zero-shot classification (Radford et al. 2021, section 3.1): which class's sentences are most like an image?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from impasto.files import new_file
from impasto.recipe import ImageRecipe, Recipe
from impasto.sources import Source
from impasto_lab.metrics import rank_classes
from impasto_lab.models import Vilt
from impasto_lab.tasks.classification import labels_of
from impasto_lab.tasks.downstream.batches import evaluation_batches
from impasto_lab.tasks.downstream.opened import Opened
from impasto_lab.tasks.downstream.options import ZeroShotOptions
from impasto_lab.tasks.downstream.task import Downstream, Figures, Judging
from impasto_lab.tasks.downstream.zero_shot.prompts import TEMPLATES, class_names, read_templates
from impasto_lab.tasks.evaluating import evaluating

#: Classes that results list.
_LISTED = 5


def judge(opened: Opened, data: Source, judging: Judging) -> Figures:
    """The share of images whose class comes first, and is among the first five where there are more.

    ``class mean`` is the mean over classes of the share of each, which are listed by their names. ``unknown`` is the
    share of classes whose name has a word that a small vocabulary lacks. ``zero_shot_results.json`` is written where
    there is a folder.

    Raises:
        SourceError: If the data has no classes, or a file of templates or names is none; if the folder can't be made.
        RecipeError: If a row has no class.
    """
    options: ZeroShotOptions = judging.options
    names = class_names(data, options.names)
    templates = TEMPLATES if options.templates is None else read_templates(options.templates)
    judging.require_out()
    model = opened.base
    assert not isinstance(model, Vilt)
    with evaluating(model) as device:
        classes = embed_classes(opened, names, templates, device=device)  # [C, D]
        scores, labels, keys = [], [], []
        loader = evaluation_batches(opened, data, recipe_for(opened, options.crop), judging)
        for number, batch in enumerate(loader, 1):
            scores.append((model.encode_images(batch.images.to(device)) @ classes.T).float().cpu())
            labels.append(labels_of(batch))
            keys += list(batch.keys)
            judging.progress(number, len(loader))
    table, right = torch.cat(scores), torch.cat(labels)  # [N, C], [N]
    found = rank_classes(table.numpy(), right.numpy())
    if judging.out is not None:
        _write(table, right, keys, names, judging)
    of_each = found.by_class()
    figures = {"top-1": found.top(1)}
    if len(names) > _LISTED:
        figures["top-5"] = found.top(_LISTED)
    figures["class mean"] = sum(of_each.values()) / len(of_each)
    if opened.compact is not None:
        figures["unknown"] = 100 * sum(_unknown(opened, name) for name in names) / len(names)
    return figures | {f"class {names[one]}": share for one, share in of_each.items()}


def embed_classes(opened: Opened, names: Sequence[str], templates: Sequence[str], *, device: torch.device) -> Tensor:
    """[C, D] of length 1: for each name the mean of its sentences' embeddings, which are of length 1 themselves."""
    model, text = opened.base, opened.recipe().text
    assert not isinstance(model, Vilt)
    assert text is not None
    made = []
    for name in names:
        ids, mask = opened.encode([template.replace("{}", name) for template in templates], text)
        made.append(model.encode_texts(ids.to(device), mask.to(device)).mean(dim=0))  # [D]
    return functional.normalize(torch.stack(made), dim=1)


def recipe_for(opened: Opened, crop: Literal["center", "none"]) -> Recipe:
    """What is done to images: the short side to the model's size and the middle cut out, or all of it squeezed."""
    recipe = opened.recipe()
    assert isinstance(recipe.image, ImageRecipe)
    return replace(recipe, image=replace(recipe.image, crop=crop), text=None)


def _unknown(opened: Opened, name: str) -> bool:
    text = opened.recipe().text
    assert text is not None
    assert opened.compact is not None
    return bool((opened.encode([name], text)[0] == len(opened.compact.ids)).any())


def _write(scores: Tensor, labels: Tensor, keys: Sequence[str], names: Sequence[str], judging: Judging) -> None:
    assert judging.out is not None
    first = scores.topk(min(_LISTED, len(names)), dim=1).indices.tolist()
    results = [
        {"image": key, "class": names[label], "predicted": [names[one] for one in best]}
        for key, label, best in zip(keys, labels.tolist(), first, strict=True)
    ]
    with new_file(judging.out / "zero_shot_results.json") as file:
        file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


TASK = Downstream(name="zero-shot", models=("clip", "albef", "tcl"), options=ZeroShotOptions, judge=judge)
