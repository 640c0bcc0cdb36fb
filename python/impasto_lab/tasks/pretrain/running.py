"""Pretrains a model from a source of pairs: what ``impasto train pretrain`` runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from impasto.checks import require
from impasto.loading import Loader
from impasto.progress import Progress, silent
from impasto.recipe import Recipe
from impasto.sources import IndexedSource, Source
from impasto_lab.models import Albef, FusionSettings, Vilt, compile_blocks, recompute_blocks
from impasto_lab.models.checkpoints import (
    TextTowerFile,
    begin_from,
    load_text_tower,
    load_vit,
    lock_text_tower,
    save_model,
)
from impasto_lab.models.queue import require_divisor
from impasto_lab.tasks.begun import FREE, keep_begun, require_begun
from impasto_lab.tasks.pretrain.run_words import Model, RunWords
from impasto_lab.tasks.pretrain.settings import PretrainSettings
from impasto_lab.tasks.pretrain.vocabulary import require_captions
from impasto_lab.training import Checkpoints, Fit, Writer, fit
from impasto_lab.training.checkpoint import load_weights
from impasto_lab.training.distributed import wait, world


@dataclass(frozen=True, eq=False)
class Pretrained:
    """What came of a pretraining.

    Attributes:
        model: As it was left, where it was trained.
        recipe: What it was trained on.
        fit: Records, scores and time.
        resumed: The step that it went on from; 0 where it was begun.
    """

    model: Model
    recipe: Recipe
    fit: Fit
    resumed: int


def pretrain(
    data: Source,
    settings: PretrainSettings,
    *,
    folder: Path,
    held_out: IndexedSource | None = None,
    vocabulary: str | Path | None = None,
    begin: tuple[str | Path | None, str | Path] | None = None,
    text_tower: str | Path | None = None,
    device: torch.device | None = None,
    workers: int = 1,
    budget: float = 0.0,
    stop: int | None = None,
    progress: Progress = silent,
    writers: Sequence[Writer] = (),
) -> Pretrained:
    """Pretrains a model, or goes on with it where the folder has a checkpoint.

    The folder gets ``run.json`` (what it was begun with), ``metrics.jsonl``, ``checkpoints/``, the vocabulary where it
    is the data's own, and at the end ``model/``, which `impasto_lab.models.checkpoints.open_model` opens.

    Args:
        data: The pairs.
        settings: How.
        folder: The run's.
        held_out: Pairs to be found in each other, at evaluations.
        vocabulary: CLIP's ``bpe_simple_vocab_16e6.txt.gz``, by default open_clip's; or BERT's ``vocab.txt``, by default
            one made of the data's words, where the preset is not the papers'.
        begin: The BERT and the DeiT that ALBEF and TCL begin from, see `begin_from`; None and the ViT that a ViLT does,
            see `load_vit`.
        text_tower: The BERT that reads captions in a CLIP, an ALBEF or a TCL, of its own width and depth, whatever the
            preset has; a folder of Hugging Face's with its ``vocab.txt``. See `load_text_tower`.
        device: What to train on; by default the CPU.
        workers: Threads of the loader.
        budget: The largest share of broken samples that others take the place of, noted in ``bad_samples.jsonl``; see
            `impasto.loading.BadSamples`. 0 stops at the first.
        stop: Leave off after this many steps of the whole run, with a checkpoint, as if interrupted.
        progress: Told after every step.
        writers: Take the records too.

    Raises:
        RecipeError: If there are too few pairs for a batch, batches don't fill the queue, the vocabulary isn't the
            model's, or a model begins from a BERT without that one's whole vocabulary, or from what it has no place
            for.
        CaptionError: If there are no captions.
        ImpastoError: If a sample is broken and there is no budget.
        BadSampleBudgetError: If more are broken than that.
        VocabularyError: If the vocabulary is missing or damaged.
        CheckpointError: If the folder's run was begun otherwise, its vocabulary is of other captions, or a file to
            begin from doesn't fit.
        DivergedError: If the loss is not finite.
    """
    device = device or torch.device("cpu")
    rank, processes = world()
    together = settings.batch_size * processes
    require(len(data) >= together, f"{len(data)} pairs are fewer than a batch of {together}; use a smaller batch_size")
    require_captions(data)
    require(begin is None or settings.model != "clip", "clip begins from nothing; leave bert and vit out")
    given = begin is None or (begin[0] is None) == (settings.model == "vilt")
    require(given, "ALBEF and TCL begin from a BERT and a DeiT, a ViLT from a ViT alone; name what the model needs")
    require(begin is None or text_tower is None, "a model begins from a BERT or from a text tower; name one of them")
    complete = vocabulary is not None and not settings.compact
    require(
        begin is None or begin[0] is None or complete,
        "a BERT has a row for each word of its own vocab.txt; give it, and compact=False",
    )
    if settings.fuses:
        preset = FusionSettings.preset(settings.preset).queue
        require_divisor(preset if settings.queue is None else settings.queue, together)
    require(settings.model != "vilt" or text_tower is None, "a ViLT has one stream and no text tower; leave it out")
    require(text_tower is not None or not settings.lock_text, "lock_text keeps a text_tower; name one")
    tower = None if text_tower is None else TextTowerFile.of(text_tower)
    # A folder that is refused gets no file: the vocabulary is the first.
    words = RunWords.of(data, settings, folder, vocabulary, tower)
    model, recipe = words.model(settings), words.recipe(settings)
    latest = Checkpoints(folder / "checkpoints").latest()
    begun = {**_begun(settings, model, recipe), "processes": processes, "pairs": len(data), "words": words.digest}
    if tower is not None:
        begun["text_tower"] = tower.digest
    if latest is not None:
        require_begun(folder, begun)
    elif begin is not None:
        _begin(model, *begin)
    elif tower is not None and not isinstance(model, Vilt):
        load_text_tower(model, tower.path, ids=words.ids)
    if settings.lock_text and not isinstance(model, Vilt):
        lock_text_tower(model)
    if settings.recompute:
        recompute_blocks(model)
    if settings.compile:
        compile_blocks(model)
    model.to(device)
    evaluates = rank == 0 or settings.shard  # what is sharded is put together by all processes, in step
    held = words.held_out(held_out, recipe) if held_out is not None and evaluates else None
    loader = Loader(
        data,
        recipe,
        batch_size=settings.batch_size,
        workers=workers,
        seed=settings.seed,
        rank=rank,
        world_size=processes,
        pin_memory=device.type == "cuda",
        form=words.in_rows,
        on_error="replace" if budget else "raise",
        budget=budget,
        manifest=folder / "bad_samples.jsonl",
    )
    if latest is None and rank == 0:
        keep_begun(folder, begun)
        words.save(folder)
    task = words.task(model, settings, held, ramp=len(data) // settings.batch_size)
    fitted = fit(
        task,
        loader,
        settings.for_loop(),
        folder=folder,
        resume=latest is not None,
        stop=stop,
        progress=progress,
        writers=writers,
    )
    newest = Checkpoints(folder / "checkpoints").latest()
    if rank == 0 and newest is not None and stop is None:
        whole = words.model(settings)  # of one that is sharded no process has it all
        load_weights(newest, whole)
        save_model(whole, folder / "model")
        words.save(folder / "model")
    wait()
    return Pretrained(model, recipe, fitted, int(latest.name.partition("-")[2]) if latest else 0)


def _begin(model: Model, bert: str | Path | None, vit: str | Path) -> None:
    """Loads what a new model begins from."""
    if isinstance(model, Vilt):
        load_vit(model.transformer, vit)
    elif isinstance(model, Albef) and bert is not None:
        begin_from(model, bert=bert, vit=vit)


def _begun(settings: PretrainSettings, model: Model, recipe: Recipe) -> dict[str, Any]:
    kept = {name: value for name, value in asdict(settings).items() if name not in FREE}
    del kept["ratio"]  # the recipe tells it, as it always did
    done = recipe.as_dict()
    done["text"]["tokenizer"].pop("vocabulary", None)  # the digest tells what is in it, wherever it lies
    return {"settings": kept, "sizes": asdict(model.settings), "recipe": done}
