"""A checkpoint as tasks take it: a model with its words, and with a head where it was tuned to a task."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from impasto.checks import choice
from impasto.errors import CheckpointError, RecipeError
from impasto.files import new_file
from impasto.recipe import BertTokenizer, ClipTokenizer, Recipe, TextRecipe
from impasto_lab.models import Albef, Clip, ClipSettings, Vilt, Words
from impasto_lab.models.checkpoints import (
    adapted,
    fill,
    kind_of,
    load_albef,
    load_clip,
    load_tcl,
    load_vilt,
    new_model,
    read_config,
    read_tensors,
    save_model,
)
from impasto_lab.models.heads import Head, new_head
from impasto_lab.tasks.downstream.settings import recipe_of
from impasto_lab.tasks.pretrain import CompactVocabulary
from impasto_lab.tasks.tokens import encode

_LOADERS = {"clip": load_clip, "vilt": load_vilt, "albef": load_albef, "tcl": load_tcl}


@dataclass(frozen=True, eq=False)
class Opened:
    """A model that can be tuned to a task, or was.

    Attributes:
        base: The pretrained model's networks.
        tokenizer: Makes its ids.
        words: What it knows of BERT's vocabulary; None of CLIP's.
        compact: The rows that its ids have; None where ids are rows.
        task: What it was tuned to; None of a pretrained model.
        head: ``base`` with a head of the task's; None where the task needs none.
        notes: What the task noted, as JSON has it.
        path: Where it was opened, for messages.
    """

    base: Clip | Vilt | Albef
    tokenizer: ClipTokenizer | BertTokenizer
    words: Words | None
    compact: CompactVocabulary | None = None
    task: str | None = None
    head: Head | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""

    @property
    def kind(self) -> str:
        """``"clip"``, ``"vilt"``, ``"albef"`` or ``"tcl"``."""
        return kind_of(self.base)

    @property
    def whole(self) -> nn.Module:
        """The model with its head."""
        return self.base if self.head is None else self.head

    @property
    def rows(self) -> Tensor | None:
        """[V] the row of each of the tokenizer's ids; None where ids are rows. `export_model` takes them."""
        if self.compact is None:
            return None
        count = ClipSettings().vocabulary
        if isinstance(self.tokenizer, BertTokenizer):
            count = Words.read(self.tokenizer.vocabulary).size
        return self.compact.rows(torch.arange(count))

    def recipe(
        self, *, length: int | None = None, question: bool = False, draws: float | None = None, crop: bool = True
    ) -> Recipe:
        """What is done to images and texts for this model; see `recipe_of`."""
        longest = self.base.settings.text_length
        return recipe_of(
            self.kind,
            self.base.settings.image_size,
            self.tokenizer,
            length=min(length or longest, longest),
            question=question,
            draws=draws,
            crop=crop,
        )

    def encode(self, texts: Iterable[str], text: TextRecipe) -> tuple[Tensor, Tensor]:
        """Rows and mask, [N, L] int64, of texts."""
        ids, mask = encode(list(texts), text)
        return (ids if self.compact is None else self.compact.rows(ids)), mask

    def at_size(self, *, image_size: int | None = None, queue: int | None = None) -> Opened:
        """The same for other images, or another queue; see `adapted`.

        Raises:
            CheckpointError: If it has a head, which is made for a size.
        """
        base = adapted(self.base, image_size=image_size, queue=queue)
        if self.head is not None and base is not self.base:
            raise CheckpointError(f"it was tuned to {self.task} at its own size; leave image_size out", path=self.path)
        return replace(self, base=base)

    def knowing(self, texts: Iterable[str], text: TextRecipe, *, seed: int = 0) -> Opened:
        """The same with a row for each id of texts that has none yet; new rows are drawn.

        Args:
            texts: All texts of a task.
            text: How they are cleaned and tokenized.
            seed: Of the new rows.
        """
        if self.compact is None:
            return self
        compact = CompactVocabulary.of(texts, text, self.compact.ids)
        if compact.ids == self.compact.ids:
            return self
        old = {id: row for row, id in enumerate(self.compact.ids)}
        rows = [old.get(id, -1) for id in compact.ids] + [len(self.compact.ids)]  # the last is of all other ids
        words = None if self.words is None else _words(self.tokenizer, compact)
        base = adapted(self.base, rows=torch.tensor(rows), seed=seed)
        return replace(self, base=base, compact=compact, words=words)

    def tuned(self, task: str, head: Head | None = None, notes: Mapping[str, Any] | None = None) -> Opened:
        """The same as what a task makes of it."""
        return replace(self, task=task, head=head, notes=notes or {})


def open_checkpoint(path: str | Path, *, model: str | None = None, vocabulary: str | Path | None = None) -> Opened:
    """Opens what `impasto train` left, or a published file.

    Args:
        path: The folder of a run, or the ``model/`` in it; a file of weights with ``model``.
        model: What a published file is of: ``"clip"``, ``"vilt"``, ``"albef"`` or ``"tcl"``.
        vocabulary: Its ``vocab.txt``, or CLIP's merges, by default open_clip's. A model with its own ``vocab.txt``
            beside it has that one.

    Raises:
        CheckpointError: If it is missing, damaged, unfinished, of something else, or of another vocabulary.
        VocabularyError: If the vocabulary is missing.
    """
    place = Path(path)
    if not place.exists():
        raise CheckpointError("there is no such file or folder; check the path", path=str(path))
    if (place / "model" / "config.json").exists():
        place = place / "model"
    elif (place / "run.json").exists():
        raise CheckpointError("the run isn't finished: it has no model/; go on with it first", path=str(path))
    config = read_config(place) if place.is_dir() else {}
    if not isinstance(config.get("notes", {}), dict):
        raise CheckpointError("its config.json has notes without names; take the one of its training", path=str(place))
    if "model" not in config or "settings" not in config:
        return _published(place, model, vocabulary)
    base = new_model(config, place)
    head = None
    if "head" in config:
        head = new_head(config.get("task"), config["model"], base, config["head"], place)
    fill(base if head is None else head, read_tensors(place), place)
    own = place / "vocab.txt"
    tokenizer = _tokenizer(base, own if own.exists() else vocabulary, place)
    compact = _rows(place)
    _require_words(base, tokenizer, compact, place)
    words = _words(tokenizer, compact)
    opened = Opened(
        base.eval(), tokenizer, words, compact, config.get("task"), head, config.get("notes", {}), str(path)
    )
    opened.whole.eval()
    return opened


def save_checkpoint(opened: Opened, folder: str | Path) -> None:
    """Writes what `open_checkpoint` opens: weights, sizes, words and rows."""
    place = Path(folder)
    config: dict[str, Any] = {"task": opened.task, "notes": dict(opened.notes)}
    if opened.head is not None:
        config["head"] = opened.head.sizes
    save_model(opened.base, place, whole=opened.head, notes=config)
    if opened.compact is not None:
        with new_file(place / "rows.json") as file:
            file.write_text(json.dumps({"ids": opened.compact.ids}) + "\n", encoding="utf-8")
    if isinstance(opened.tokenizer, BertTokenizer):
        lines = Path(opened.tokenizer.vocabulary).read_text(encoding="utf-8")
        (place / "vocab.txt").write_text(lines, encoding="utf-8")


def require_task(opened: Opened, task: str, models: Iterable[str], *, tuned: bool) -> None:
    """Requires a checkpoint that a task can take.

    Args:
        opened: The checkpoint.
        task: The task's name.
        models: The kinds of models that it is for.
        tuned: It must have been tuned to the task: the task's head is not in a pretrained model.

    Raises:
        CheckpointError: If it is of another task or model.
    """
    kinds = tuple(models)
    if opened.kind not in kinds:
        reason = f"it is a {opened.kind}, and {task} is for {', '.join(kinds)}; name a checkpoint of one of them"
        raise CheckpointError(reason, path=opened.path)
    if tuned and opened.task != task:
        was = f"tuned to {opened.task}" if opened.task else "pretrained and not tuned"
        reason = f"the checkpoint is {was}, and has no head for {task}; run impasto train {task} --from it first"
        raise CheckpointError(reason, path=opened.path)
    if not tuned and opened.head is not None:
        reason = f"the checkpoint was tuned to {opened.task}; name the pretrained one that it came from"
        raise CheckpointError(reason, path=opened.path)


def _published(path: Path, model: str | None, vocabulary: str | Path | None) -> Opened:
    if model is None:
        reason = "it is no model of ours; say what a published file is of with model= (--model): clip, vilt, albef, tcl"
        raise CheckpointError(reason, path=str(path))
    choice("model", model, tuple(_LOADERS))
    base: Clip | Vilt | Albef = _LOADERS[model](path)  # type: ignore[operator]
    tokenizer = _tokenizer(base, vocabulary, path)
    _require_words(base, tokenizer, None, path)
    return Opened(base, tokenizer, _words(tokenizer, None), path=str(path))


def _tokenizer(base: Clip | Vilt | Albef, vocabulary: str | Path | None, path: Path) -> ClipTokenizer | BertTokenizer:
    if isinstance(base, Clip) and base.settings.text == "causal":
        return ClipTokenizer(vocabulary=vocabulary)
    if vocabulary is None:
        reason = "there is no vocab.txt beside it; name BERT's with vocabulary= (--vocabulary)"
        raise CheckpointError(reason, path=str(path))
    return BertTokenizer(vocabulary=vocabulary, end=not isinstance(base, Albef))


def _require_words(
    base: Clip | Vilt | Albef, tokenizer: ClipTokenizer | BertTokenizer, compact: CompactVocabulary | None, path: Path
) -> None:
    rows = base.settings.vocabulary
    if isinstance(tokenizer, BertTokenizer):
        count = Words.read(tokenizer.vocabulary).size
        fits = count == rows
    else:
        count = max(*tokenizer.native.begins, *tokenizer.native.ends) + 1
        fits = count <= rows
    if compact is not None:
        fits = compact.size == rows and compact.ids[-1] < count
    if not fits:
        kept = "" if compact is None else f", rows.json {compact.size} rows"
        reason = f"its vocabulary has {count} words{kept} and the model {rows} rows; give the one it is of"
        raise CheckpointError(reason, path=str(path))


def _words(tokenizer: ClipTokenizer | BertTokenizer, compact: CompactVocabulary | None) -> Words | None:
    if not isinstance(tokenizer, BertTokenizer):
        return None
    words = Words.read(tokenizer.vocabulary)
    return words if compact is None else compact.words(words)


def _rows(folder: Path) -> CompactVocabulary | None:
    file = folder / "rows.json"
    if not file.exists():
        return None
    try:
        ids = tuple(int(id) for id in json.loads(file.read_text(encoding="utf-8"))["ids"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"it can't be read: {error}; copy it from the run again", path=str(file)) from error
    if list(ids) != sorted(set(ids)):
        raise RecipeError(f"the ids of {file} must ascend; copy it from the run again")
    return CompactVocabulary(ids)
