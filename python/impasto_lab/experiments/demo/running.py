"""The demonstration, step by step."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from impasto.loading import Loader
from impasto.recipe import ImageRecipe, MixGen, Recipe, TextRecipe
from impasto_lab.experiments.demo import page
from impasto_lab.experiments.demo.data import DemoData, compare_formats, write
from impasto_lab.experiments.demo.settings import Demo, DemoResult, Scores
from impasto_lab.experiments.demo.styling import styled
from impasto_lab.experiments.narrator import Narrator, Silent
from impasto_lab.metrics import chance
from impasto_lab.models import DualEncoder
from impasto_lab.tasks import ContrastiveTask, HeldOut
from impasto_lab.training import Fit, FitSettings, fit, pick_device

#: Times loaders and returns `impasto bench loader`'s JSON: ``rows`` and ``ratio_to``.
TimeLoaders = Callable[[], Mapping[str, Any]]

#: What a model of the papers would be given: MixGen on a quarter of the batch, CLIP's tokens.
RECIPE = Recipe(
    image=ImageRecipe(size=224, scale=(0.5, 1.0), hflip=0.0),
    text=TextRecipe(length=77),
    mix=MixGen(ratio=0.25, lam=0.5),
)


def run(
    out: str | Path = "demo",
    settings: Demo | None = None,
    *,
    device: str = "auto",
    time_loaders: TimeLoaders | None = None,
    narrator: Narrator | None = None,
) -> DemoResult:
    """Writes data, loads it, has loaders timed, trains, retrieves, and reports.

    Args:
        out: The folder for data, run and ``report.html``.
        settings: How much is done.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        time_loaders: Times loaders; None leaves that out.
        narrator: Is told what happens.

    Returns:
        What came of it.

    Raises:
        SourceError: If the folder can't be written.
    """
    root, tell, chosen = Path(out), narrator or Silent(), pick_device(device)
    plan = (settings or Demo()).on(chosen)
    root.mkdir(parents=True, exist_ok=True)

    with tell.bar("writing photographs and scenes") as advance:
        data = write(root / "data", scene_count=plan.scenes, seed=plan.seed, progress=advance)
    about = data.world.about
    images = sum(about["images"].values())
    tell.say(
        f"wrote {images:,} images with {about['captions']:,} captions into {data.world.root}: COCO and Karpathy JSON, "
        f"{sum(about['shards'].values())} tar shards"
    )
    compared = compare_formats(data, RECIPE, batch_size=plan.batch_size, batches=plan.compared, seed=plan.seed)
    tell.say(f"loaded {compared} batches with MixGen from JSON and from shards: the same, byte for byte")

    timing = time_loaders() if time_loaders else None
    task, held, fitted = _train(root / "run", data, plan, chosen, tell)
    scores = tuple(_scores(name, held.subset(rows), task.model) for name, rows in data.test.items())
    tell.table("retrieval on held-out pairs, in per cent", _HEADINGS, [row for part in scores for row in _rows(part)])

    result = DemoResult(
        report=root / "report.html",
        images=images,
        compared=compared,
        timing=timing,
        training={
            "device": page.device_name(chosen),
            "steps": plan.steps,
            "seconds": round(fitted.seconds, 1),
            "first_loss": fitted.records[0]["loss"],
            "last_loss": fitted.records[-1]["loss"],
        },
        scores=scores,
    )
    styling = styled(data.coco("train"), plan, chosen, step_seconds=fitted.seconds / plan.steps)
    tell.say(
        f"painted pictures in random styles; restyling a batch {styling['ratio']} takes "
        f"{styling['milliseconds']:.0f} ms, a training step {styling['step_milliseconds']:.0f} ms"
    )
    page.write(result, data, plan, RECIPE, task.model, held, fitted, styling)
    tell.say(f"see {result.report}")
    return result


def _train(
    folder: Path, data: DemoData, plan: Demo, device: torch.device, tell: Narrator
) -> tuple[ContrastiveTask[DualEncoder], HeldOut, Fit]:
    recipe = Recipe(
        image=ImageRecipe(size=plan.side, scale=(0.6, 1.0), hflip=0.0),
        text=TextRecipe(length=plan.length),
        mix=RECIPE.mix,
    )
    loader = Loader(
        data.coco("train"),
        recipe,
        batch_size=plan.batch_size,
        # On a CPU, the model wants the cores more than the loader does.
        workers=min(os.cpu_count() or 1, 8) if device.type == "cuda" else 1,
        seed=plan.seed,
        pin_memory=device.type == "cuda",
    )
    held = HeldOut.of(data.coco("test"), recipe)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        model = DualEncoder(image_width=plan.image_width, text_length=plan.length).to(device)
    task = ContrastiveTask(model, held)
    settings = FitSettings(
        steps=plan.steps,
        lr=plan.lr,
        warmup=plan.steps // 10,
        seed=plan.seed,
        log_every=max(plan.steps // 80, 1),
        amp="bfloat16" if device.type == "cuda" else "off",
    )
    with tell.bar(f"training on {page.device_name(device)}") as advance:
        fitted = fit(task, loader, settings, folder=folder, progress=advance)
    first, last = fitted.records[0]["loss"], fitted.records[-1]["loss"]
    tell.say(
        f"trained {plan.steps} steps of {plan.batch_size} pairs in {fitted.seconds:.0f} s; "
        f"loss {first:.2f} to {last:.2f} (guessing: {math.log(plan.batch_size):.2f})"
    )
    return task, held, fitted


def _scores(name: str, held: HeldOut, model: DualEncoder) -> Scores:
    return Scores(name, len(held.keys), held.retrieval(model).as_dict(), chance(held.image_of.numpy()))


_HEADINGS = ("", "images", "TR R@1", "R@5", "R@10", "IR R@1", "R@5", "R@10", "RSUM")


def _rows(part: Scores) -> list[list[str]]:
    return [
        [part.name, str(part.images), *(f"{value:.1f}" for value in part.ours.values())],
        ["  by chance", "", *(f"{value:.1f}" for value in part.chance.values())],
    ]
