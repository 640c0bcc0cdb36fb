"""A run's words, and the model, recipe and task that they decide."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from impasto.errors import CheckpointError, RecipeError
from impasto.files import new_file
from impasto.recipe import BertTokenizer, ClipTokenizer, Recipe
from impasto.sources import IndexedSource, Source
from impasto_lab.models import Albef, Clip, ClipSettings, FusionSettings, Tcl, Vilt, ViltSettings, Words
from impasto_lab.models.checkpoints import TextTowerFile
from impasto_lab.models.masking import vocabulary_pieces
from impasto_lab.tasks.begun import NAME
from impasto_lab.tasks.contrastive import ContrastiveTask
from impasto_lab.tasks.held_out import HeldOut
from impasto_lab.tasks.pretrain.fusion import FusionPretraining
from impasto_lab.tasks.pretrain.recipes import recipe_of
from impasto_lab.tasks.pretrain.settings import PretrainSettings
from impasto_lab.tasks.pretrain.vilt import ViltPretraining
from impasto_lab.tasks.pretrain.vocabulary import CompactVocabulary, captions_of, own_vocabulary
from impasto_lab.training.distributed import wait, world

#: The longest vocabulary of CLIP's, in ids.
_CLIP_IDS = 49408
#: A table of words may be longer than the vocabulary by less: tables are padded to such multiples.
_PADDED = 128
Tokenizer = ClipTokenizer | BertTokenizer
Model = Clip | Vilt | Albef
Task = ContrastiveTask[Clip] | ViltPretraining | FusionPretraining


@dataclass(frozen=True, eq=False)
class RunWords:
    """A run's tokenizer, what masking asks of it, and the rows that its ids have.

    Attributes:
        tokenizer: Makes the ids of captions.
        words: What masking asks, in rows; None of CLIP's.
        compact: The rows that ids have; None where ids are rows.
        size: Number of rows.
        digest: Of all that decides them, wherever files lie.
        tower: The BERT that reads captions, if there is one.
    """

    tokenizer: Tokenizer
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
    ) -> RunWords:
        """Those of a run; the data's own words are written into its folder.

        Args:
            data: The pairs.
            settings: How they are trained on.
            folder: The run's.
            file: CLIP's merges or BERT's ``vocab.txt``; None is the tower's, or made of the data's words.
            tower: See `RunWords`.

        Raises:
            RecipeError: If the vocabulary is not the tower's, or one is needed.
            VocabularyError: If it is missing or damaged.
            CheckpointError: If the folder has the words of other captions.
        """
        words: Words | None = None
        tokenizer: Tokenizer
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
            if tower is not None and not 0 <= tower.vocabulary - size < _PADDED:
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
    def ids(self) -> list[int]:
        """The ids that a text tower's rows are of; the last row is of all that have none, and begins as ``[UNK]``."""
        if self.compact is None:
            return list(range(self.size))
        assert isinstance(self.tokenizer, BertTokenizer)
        pieces = vocabulary_pieces(Path(self.tokenizer.vocabulary).read_text(encoding="utf-8"))
        return [*self.compact.ids, pieces.index("[UNK]")]

    @property
    def in_rows(self) -> Any:
        """A loader's form."""
        return self.compact

    def model(self, settings: PretrainSettings) -> Model:
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

    def task(self, model: Model, settings: PretrainSettings, held_out: HeldOut | None, *, ramp: int) -> Task:
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
