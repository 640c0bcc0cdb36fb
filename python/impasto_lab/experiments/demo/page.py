"""The demonstration's report: what is shown of the data, the mixtures, the timing, the training and the retrieval."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from impasto.jobs import data_uri
from impasto.loading import Loader
from impasto.ops import decode
from impasto.recipe import Recipe, TextRecipe
from impasto_lab.report import bars, curves, unnormalize, words, write_page
from impasto_lab.worlds.photographs import catalogue

if TYPE_CHECKING:
    from impasto.sources import IndexedSource
    from impasto_lab.experiments.demo.data import DemoData
    from impasto_lab.experiments.demo.settings import Demo, DemoResult
    from impasto_lab.models import DualEncoder
    from impasto_lab.tasks import HeldOut
    from impasto_lab.training import Fit

#: Examples of each direction, for each part of the test split.
_EXAMPLES = 3


def write(
    result: DemoResult,
    data: DemoData,
    plan: Demo,
    recipe: Recipe,
    model: DualEncoder,
    held: HeldOut,
    fitted: Fit,
    styling: Mapping[str, Any],
) -> Path:
    """Writes ``report.html``; see `impasto_lab.experiments.demo.run`."""
    about = data.world.about
    by_caption, by_image = _found(data, model, held)
    return write_page(
        result.report,
        "demo.html",
        data={
            "images": result.images,
            "captions": about["captions"],
            "photographs": data.photographs,
            "scenes": data.scenes,
            "compared": result.compared,
        },
        strip=_strip(data.coco("train"), data.photographs),
        mixing=_mixing(data.coco("train"), recipe, seed=plan.seed),
        styling=styling,
        timing=_timing(result.timing) if result.timing else None,
        training={
            **result.training,
            "parameters": f"{sum(parameter.numel() for parameter in model.parameters()) / 1e6:.1f}",
            "batch_size": plan.batch_size,
            "side": plan.side,
            "plot": _loss_plot(fitted),
        },
        scores=result.scores,
        names=list(result.scores[0].ours),
        unseen=", ".join(one.name for one in catalogue() if one.held_out),
        by_caption=by_caption,
        by_image=by_image,
        credits="; ".join(f"{one.name}: {one.credit} ({one.licence})" for one in catalogue()),
        versions=f"impasto {_version()}, torch {torch.__version__}, Python {platform.python_version()}",
        seed=plan.seed,
    )


def device_name(device: torch.device) -> str:
    """What a person calls the device."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"{threads} CPU thread{'' if threads == 1 else 's'}"


def _version() -> str:
    from importlib.metadata import version

    return version("impasto")


def _strip(data: IndexedSource, photographs: int) -> list[dict[str, str]]:
    """A dozen training samples, half of them photographs, spread over the data; photographs have the first keys."""
    border = sum(int(key) <= photographs for key in data.keys)
    rows = [*np.linspace(3, border - 40, 6), *np.linspace(border + 2, len(data) - 3, 6)]
    return [{"image": _thumbnail(data, int(row)), "caption": data.index.captions(int(row))[0]} for row in rows]


def _thumbnail(data: IndexedSource, row: int, longest: int = 360) -> str:
    return data_uri(decode(data.index.image(row)), longest=longest)


def _mixing(data: IndexedSource, recipe: Recipe, *, seed: int, batch_size: int = 24) -> dict[str, Any]:
    """Mixed rows beside what they were mixed from: the same batch, loaded with and without MixGen."""
    mixed = next(iter(Loader(data, recipe, batch_size=batch_size, seed=seed, workers=0)))
    plain_recipe = Recipe(image=recipe.image, text=recipe.text, mix=None)
    plain = next(iter(Loader(data, plain_recipe, batch_size=batch_size, seed=seed, workers=0)))
    pictures = [data_uri(pixels) for pixels in unnormalize(plain.images, recipe.views[0].normalize)]
    mixtures = unnormalize(mixed.images, recipe.views[0].normalize)
    text = recipe.text or TextRecipe()
    rows = []
    for row in np.flatnonzero(mixed.plan.mixed).tolist():
        partner = int(mixed.plan.partners[row])
        first, second = ({"image": pictures[at], "caption": (plain.captions or [])[at]} for at in (row, partner))
        joined = (mixed.captions or [])[row]
        rows.append(
            {
                "first": first,
                "second": second,
                "mixed": data_uri(mixtures[row]),
                "lam": float(mixed.plan.lams[row]),
                "words": words(joined, text),
            }
        )
    return {"rows": rows, "length": text.length, "formula": "λ·A + (1 − λ)·B, λ = 0.5"}


def _loss_plot(fitted: Fit) -> str:
    steps = [record["step"] for record in fitted.records]
    return curves({"loss": (steps, [record["loss"] for record in fitted.records])}, x="step", y="CLIP loss")


def _timing(timing: Mapping[str, Any]) -> dict[str, Any]:
    """The timing's rows as the page shows them; what is ours is what no ratio is given to."""
    peers = set(timing["ratio_to"])
    rows = []
    for row in timing["rows"]:
        ratio = timing.get("ratios", {}).get(row["name"], {}).get(str(row["workers"]))
        rows.append(
            {
                "title": row.get("title", row["name"]),
                "workers": row["workers"],
                "images_per_second": row["images_per_second"],
                "ours": row["name"] not in peers,
                "faster": f"{ratio:.1f}× as fast" if ratio else "",
            }
        )
    fewest = min(row["workers"] for row in rows)
    bottom = [row for row in rows if row["workers"] == fewest]
    titles = {row["name"]: row.get("title", row["name"]) for row in timing["rows"]}
    slowest = max(timing["ratio_to"], key=timing["ratio_to"].__getitem__)
    where = "on one core" if fewest == 0 else f"with {fewest} workers each"
    machine, settings = timing.get("machine", {}), timing.get("settings", {})
    return {
        "rows": rows,
        "plot": bars(
            {f"{row['title']}": row["images_per_second"] for row in bottom},
            unit=f"images per second, {where}",
            best=[row["title"] for row in bottom if row["ours"]],
        ),
        "headline": {"peer": titles[slowest], "ratio": timing["ratio_to"][slowest], "where": where},
        "settings": f"{settings['images']} files of 640 × 480 pixels." if "images" in settings else "",
        "machine": f"{machine['cpu']}, {machine['cpus']} CPUs" if {"cpu", "cpus"} <= set(machine) else "",
    }


def _found(data: DemoData, model: DualEncoder, held: HeldOut) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Examples of both directions, a few of each part: what is found for captions, and for images."""
    source = data.coco("test")
    scores = held.scores(model)  # [N, M]
    by_caption, by_image = [], []
    for rows in data.test.values():
        for row in np.linspace(rows.start, rows.stop - 1, 2 * _EXAMPLES + 2).astype(int)[1:-1:2].tolist():
            caption = int((held.image_of == row).nonzero()[0])
            by_caption.append(_for_caption(source, scores[:, caption], held.captions[caption], row))
        for row in np.linspace(rows.start, rows.stop - 1, 2 * _EXAMPLES + 2).astype(int)[2:-1:2].tolist():
            order = scores[row].argsort(descending=True)[:5].tolist()
            found = [{"caption": held.captions[at], "right": int(held.image_of[at]) == row} for at in order]
            by_image.append({"image": _thumbnail(source, row), "captions": found})
    return by_caption, by_image


def _for_caption(source: IndexedSource, scores: Tensor, caption: str, own: int) -> dict[str, Any]:
    order = scores.argsort(descending=True).tolist()
    rank = order.index(own) + 1
    images = [
        {"image": _thumbnail(source, row, 260), "right": row == own, "score": float(scores[row])} for row in order[:5]
    ]
    return {"caption": caption, "verdict": f"its image comes {_ordinal(rank)} of {len(order)}", "images": images}


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else endings.get(number % 10, 'th')}"
