"""Pretrains a model from a source of pairs: what ``impasto train pretrain`` runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from impasto.checks import require
from impasto.errors import CheckpointError, RecipeError
from impasto.files import new_file
from impasto.loading import Loader
from impasto.progress import Progress, silent
from impasto.recipe import BertTokenizer, ClipTokenizer, Recipe
from impasto.sources import IndexedSource, Source
from impasto_lab.models import (
    Albef,
    Clip,
    ClipSettings,
    FusionSettings,
    Tcl,
    Vilt,
    ViltSettings,
    Words,
    compile_blocks,
    recompute_blocks,
)
from impasto_lab.models.checkpoints import TextTowerFile, begin_from, load_text_tower, lock_text_tower, save_model
from impasto_lab.models.masking import vocabulary_pieces
from impasto_lab.models.queue import require_divisor
from impasto_lab.tasks.begun import FREE, NAME, keep_begun, require_begun
from impasto_lab.tasks.contrastive import ContrastiveTask
from impasto_lab.tasks.held_out import HeldOut
from impasto_lab.tasks.pretrain.fusion import FusionPretraining
from impasto_lab.tasks.pretrain.recipes import recipe_of
from impasto_lab.tasks.pretrain.settings import PretrainSettings
from impasto_lab.tasks.pretrain.vilt import ViltPretraining
from impasto_lab.tasks.pretrain.vocabulary import CompactVocabulary, captions_of, own_vocabulary, require_captions
from impasto_lab.training import Checkpoints, Fit, Writer, fit
from impasto_lab.training.checkpoint import load_weights
from impasto_lab.training.distributed import wait, world

#: The longest vocabulary of CLIP's, in ids.
_CLIP_IDS = 49408
_Tokenizer = ClipTokenizer | BertTokenizer
_Model = Clip | Vilt | Albef
_Task = ContrastiveTask[Clip] | ViltPretraining | FusionPretraining


@dataclass(frozen=True, eq=False)
class Pretrained:
    """What came of a pretraining.

    Attributes:
        model: As it was left, where it was trained.
        recipe: What it was trained on.
        fit: Records, scores and time.
        resumed: The step that it went on from; 0 where it was begun.
    """

    model: _Model
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
    begin: tuple[str | Path, str | Path] | None = None,
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
        begin: The BERT and the DeiT that ALBEF and TCL begin from; see `begin_from`.
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
    require(begin is None or settings.fuses, f"{settings.model} begins from nothing; leave bert and vit out")
    require(begin is None or text_tower is None, "a model begins from a BERT or from a text tower; name one of them")
    complete = vocabulary is not None and not settings.compact
    require(
        begin is None or complete, "a BERT has a row for each word of its own vocab.txt; give it, and compact=False"
    )
    if settings.fuses:
        preset = FusionSettings.preset(settings.preset).queue
        require_divisor(preset if settings.queue is None else settings.queue, together)
    require(settings.model != "vilt" or text_tower is None, "a ViLT has one stream and no text tower; leave it out")
    require(text_tower is not None or not settings.lock_text, "lock_text keeps a text_tower; name one")
    tower = None if text_tower is None else TextTowerFile.of(text_tower)
    # A folder that is refused gets no file: the vocabulary is the first.
    words = _Vocabulary.of(data, settings, folder, vocabulary, tower)
    model, recipe = words.model(settings), words.recipe(settings)
    latest = Checkpoints(folder / "checkpoints").latest()
    begun = {**_begun(settings, model, recipe), "processes": processes, "pairs": len(data), "words": words.digest}
    if tower is not None:
        begun["text_tower"] = tower.digest
    if latest is not None:
        require_begun(folder, begun)
    elif begin is not None and isinstance(model, Albef):
        begin_from(model, bert=begin[0], vit=begin[1])
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


@dataclass(frozen=True, eq=False)
class _Vocabulary:
    """A run's tokenizer, what masking asks of it, and the rows that its ids have."""

    tokenizer: _Tokenizer
    words: Words | None
    compact: CompactVocabulary | None
    size: int
    digest: str
    tower: TextTowerFile | None

    @classmethod
    def of(
        cls,
        data: Source,
        settings: PretrainSettings,
        folder: Path,
        file: str | Path | None,
        tower: TextTowerFile | None,
    ) -> _Vocabulary:
        words: Words | None = None
        tokenizer: _Tokenizer
        always: tuple[int, ...]
        if tower is not None and file is None:
            file = tower.words
        if settings.model == "clip" and tower is None:
            tokenizer = ClipTokenizer(vocabulary=file)
            native = tokenizer.native
            always = (*native.begins, *native.ends)
            size = max(_CLIP_IDS, *(id + 1 for id in always))
            contents = b"" if file is None else Path(file).read_bytes()
        else:
            own = file is None
            path = _own_file(data, settings, folder) if file is None else Path(file)
            # The published tokenizer of ALBEF's has no [SEP] behind a caption.
            tokenizer = BertTokenizer(vocabulary=path, end=not settings.fuses)
            words = Words.read(path)
            always = (words.pad, words.cls, words.sep, words.mask)
            size, contents = words.size, path.read_bytes()
            if tower is not None and size != tower.vocabulary:
                reason = f"{path} has {size} words and the text tower {tower.vocabulary} rows; give its own vocab.txt"
                raise RecipeError(reason)
            settings = replace(settings, compact=settings.compact and not own)
        compact = None
        if settings.compact:
            text = recipe_of(settings, 32, tokenizer).text
            assert text is not None
            compact = CompactVocabulary.of(captions_of(data), text, always)
            size, words = compact.size, compact.words(words) if words else None
        digest = hashlib.sha256(contents + repr((compact, size)).encode()).hexdigest()[:16]
        return cls(tokenizer, words, compact, size, digest, tower)

    @property
    def ids(self) -> list[int] | None:
        """The ids that a text tower's rows are of; the last row is of all that have none, and begins as ``[UNK]``."""
        if self.compact is None:
            return None
        assert isinstance(self.tokenizer, BertTokenizer)
        pieces = vocabulary_pieces(Path(self.tokenizer.vocabulary).read_text(encoding="utf-8"))
        return [*self.compact.ids, pieces.index("[UNK]")]

    @property
    def in_rows(self) -> Any:
        """A loader's form."""
        return self.compact

    def model(self, settings: PretrainSettings) -> _Model:
        """A new model, drawn by the seed."""
        sizes: dict[str, Any] = {"vocabulary": self.size}
        if settings.model == "clip" or settings.length is not None:
            sizes["text_length"] = settings.tokens
        if settings.queue is not None:
            sizes["queue"] = settings.queue
        if self.tower is not None:
            sizes |= self.tower.sizes | ({"text": "bert"} if settings.model == "clip" else {})
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            if settings.model == "clip":
                return Clip(ClipSettings.preset(settings.preset, **sizes))
            if settings.model == "vilt":
                return Vilt(ViltSettings.preset(settings.preset, **sizes))
            kind = Tcl if settings.model == "tcl" else Albef
            return kind(FusionSettings.preset(settings.preset, **sizes))

    def recipe(self, settings: PretrainSettings) -> Recipe:
        """What is done to the data."""
        kinds = {"clip": ClipSettings, "vilt": ViltSettings}
        size: int = kinds.get(settings.model, FusionSettings).preset(settings.preset).image_size  # type: ignore[attr-defined]
        return recipe_of(settings, size, self.tokenizer)

    def task(self, model: _Model, settings: PretrainSettings, held_out: HeldOut | None, *, ramp: int) -> _Task:
        """What a step is."""
        if isinstance(model, Clip):
            return ContrastiveTask(model, held_out)
        assert self.words is not None
        if isinstance(model, Vilt):
            return ViltPretraining(model, self.words, held_out, seed=settings.seed)
        # The teacher's weight grows over the first epoch.
        return FusionPretraining(model, self.words, held_out, ramp=ramp, seed=settings.seed)

    def held_out(self, data: IndexedSource, recipe: Recipe) -> HeldOut:
        """Pairs to evaluate on, in rows."""
        held = HeldOut.of(data, recipe)
        return held if self.compact is None else replace(held, input_ids=self.compact.rows(held.input_ids))

    def save(self, folder: Path) -> None:
        """Notes beside a model which ids its rows are of."""
        if self.compact is not None:
            with new_file(folder / "rows.json") as file:
                file.write_text(json.dumps({"ids": self.compact.ids}) + "\n", encoding="utf-8")
        if self.words is not None and isinstance(self.tokenizer, BertTokenizer):
            lines = Path(self.tokenizer.vocabulary).read_bytes()
            with new_file(folder / "vocab.txt") as file:
                file.write_bytes(lines)


def _own_file(data: Source, settings: PretrainSettings, folder: Path) -> Path:
    """The data's own ``vocab.txt``, made once."""
    if settings.preset == "base":
        raise RecipeError(f"{settings.model} of the papers' size needs BERT's vocab.txt; name it with vocabulary=")
    path, own = folder / "vocab.txt", own_vocabulary(captions_of(data))
    if world()[0] == 0 and not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with new_file(path) as file:
            file.write_text(own, encoding="utf-8")
    wait()
    if path.read_bytes() != own.encode():
        reason = "it has the words of other captions; remove it, or begin elsewhere"
        if (folder / NAME).exists():
            reason = (
                "it isn't of these captions' words: the run here was begun with other data, or with a vocabulary or a "
                "text tower; say the same, or begin in another folder"
            )
        raise CheckpointError(reason, path=str(path))
    return path


def _begun(settings: PretrainSettings, model: _Model, recipe: Recipe) -> dict[str, Any]:
    kept = {name: value for name, value in asdict(settings).items() if name not in FREE}
    done = recipe.as_dict()
    done["text"]["tokenizer"].pop("vocabulary", None)  # the digest tells what is in it, wherever it lies
    return {"settings": kept, "sizes": asdict(model.settings), "recipe": done}
