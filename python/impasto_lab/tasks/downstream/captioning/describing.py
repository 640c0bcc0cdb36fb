"""Image captioning: an ALBEF or a TCL reads an image into places of a text, and a decoder tells what it read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from impasto.batch import Batch
from impasto.checks import require
from impasto.errors import SourceError
from impasto.files import new_file
from impasto.recipe import Recipe, TextRecipe
from impasto.sources import Source
from impasto_lab.metrics import bleu, cider
from impasto_lab.models import Albef, Words
from impasto_lab.models.heads import Telling, generate, new_head, require_length
from impasto_lab.tasks.downstream.batches import evaluation_batches, training_batches
from impasto_lab.tasks.downstream.captioning.wording import Speller, caption_words
from impasto_lab.tasks.downstream.opened import Opened
from impasto_lab.tasks.downstream.options import CaptioningOptions
from impasto_lab.tasks.downstream.settings import TuneSettings
from impasto_lab.tasks.downstream.task import Downstream, Figures, Judging, Tuning
from impasto_lab.tasks.evaluating import evaluating
from impasto_lab.tasks.pretrain.vocabulary import captions_of
from impasto_lab.tasks.tokens import closed, tokens

_NAME = "captioning"
#: What texts are that are no captions, by facts that their rows alone have.
_NO_CAPTIONS = {
    ("question_id",): "questions",
    ("gold_label",): "hypotheses, of which most are not known to be true",
    ("sentence", "label"): "statements, true or not",
    ("ref_id",): "expressions, each for one thing",
}


def begin(opened: Opened, data: Source, settings: TuneSettings, judging: Judging, held_out: Source | None) -> Tuning:
    """Sets up the training of a decoder that begins as the fusion layers.

    Raises:
        RecipeError: If there are more places than the model has.
        SourceError: If the data's texts are no captions.
    """
    options: CaptioningOptions = judging.options
    sized = opened.at_size(image_size=settings.image_size)
    most = sized.base.settings.text_length - 1
    require(options.places <= most, f"places={options.places}: the model's texts have {most}; use fewer")
    recipe = sized.recipe(length=settings.length, draws=settings.hflip)
    assert recipe.text is not None
    known = sized.knowing(captions_of(data), recipe.text, seed=settings.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        head = new_head(_NAME, known.kind, known.base, {}, known.path)
    ready = known.tuned(_NAME, head.to(judging.device), {"places": options.places})
    _require_told(data)
    if held_out is not None:
        require_tellable(ready, held_out, judging)
    loader = training_batches(ready, data, recipe, settings, judging)
    ramp = len(data) // settings.batch_size
    return Tuning(ready, Captioning(ready, held_out, judging, alpha=settings.alpha, ramp=ramp), loader)


class Captioning:
    """Trains a decoder on captions: the mean of its words' losses, with a teacher's opinion mixed in.

    Args:
        opened: The model with its head, on its device.
        held_out: Images with captions to judge it on, or None.
        judging: How.
        alpha: The weight of the teacher.
        ramp: Batches over which it grows from 0.
    """

    def __init__(
        self, opened: Opened, held_out: Source | None, judging: Judging, *, alpha: float = 0.4, ramp: int = 0
    ) -> None:
        self._opened, self._held_out, self._judging = opened, held_out, judging
        self.alpha, self.ramp = alpha, ramp

    @property
    def model(self) -> nn.Module:
        """What is trained."""
        return self._opened.whole

    def step(self, batch: Batch) -> Mapping[str, Tensor]:
        """The loss of a batch."""
        head, words = self.model, self._opened.words
        assert isinstance(head, Telling)
        assert isinstance(words, Words)
        ids, mask = closed(*tokens(batch), words.sep)
        rows = torch.arange(len(ids), device=ids.device)
        alpha = self.alpha * min(1.0, batch.id.number / self.ramp) if self.ramp else self.alpha
        asked = prompt(self._opened, len(ids), ids.device)
        losses = head(batch.images, asked, (ids, mask), rows, alpha=alpha)  # [B]
        return {"loss": losses.sum() / mask[:, 1:].sum()}

    def after_step(self) -> None:
        """The teachers follow."""
        assert isinstance(self.model, Telling)
        self.model.follow()

    def evaluate(self) -> dict[str, float]:
        """The scores of captions of the held-out images."""
        return judge(self._opened, self._held_out, self._judging) if self._held_out is not None else {}


def prompt(opened: Opened, count: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Ids and mask, [B, 1 + places], of the text that images are read into: words to tell, as in pretraining."""
    assert isinstance(opened.words, Words)
    ids = torch.tensor([opened.words.cls, *[opened.words.mask] * opened.notes["places"]], device=device)
    asked = ids.expand(count, -1)
    return asked, torch.ones_like(asked)


def judge(opened: Opened, data: Source, judging: Judging) -> Figures:
    """BLEU-1 to BLEU-4 and CIDEr-D, times 100, and the mean of captions' words; ``captions_results.json``.

    Rows that share a key are one image. METEOR and SPICE are not offered: they need Java and a download.

    Raises:
        RecipeError: If there is neither a caption to compare with nor a folder to write to, or more words are asked
            for than the decoder has places.
        SourceError: If the data's texts are no captions.
    """
    scored = require_tellable(opened, data, judging)
    told, people, ids = caption_all(opened, data, judging, references=scored)
    if judging.out is not None:
        results = [{"image_id": ids[key], "caption": caption} for key, caption in told.items()]
        with new_file(judging.out / "captions_results.json") as file:
            file.write_text(json.dumps(results, ensure_ascii=False) + "\n", encoding="utf-8")
    if not scored:
        return {"images": float(len(told))}
    return scores(list(told.values()), [people[key] for key in told])


def require_tellable(opened: Opened, data: Source, judging: Judging) -> bool:
    """Requires that `judge` can be done, before anything is computed.

    Returns:
        Whether there are captions to compare with.

    Raises:
        RecipeError: As `judge` does.
        SourceError: As `judge` does.
    """
    assert isinstance(opened.whole, Telling)
    require_length(opened.whole.decoder, judging.options.words)
    _require_told(data)
    scored = next(captions_of(data), None) is not None
    neither = f"{data!r} has no captions, so nothing can be scored; name a folder for the model's (out)"
    require(scored or judging.out is not None, neither)
    judging.require_out()
    return scored


def _require_told(data: Source) -> None:
    """Requires that texts tell their image, as those of questions don't; facts say it, of a part of a file, too."""
    if not len(data):
        return
    facts = data.facts(0)
    for names, what in _NO_CAPTIONS.items():
        if all(name in facts for name in names):
            reason = f"{data!r} has {what}; captioning needs what tells an image: name the captions of these images"
            raise SourceError(reason, key=data.key(0))


def scores(captions: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
    """What `judge` tells of captions.

    Args:
        captions: One for each image.
        references: For each image what people wrote.

    Raises:
        RecipeError: If an image has no references, or there is no image.
    """
    told = [caption_words(one) for one in captions]
    people = [[caption_words(one) for one in several] for several in references]
    figures = {f"BLEU-{order}": 100 * share for order, share in enumerate(bleu(told, people), 1)}
    return {**figures, "CIDEr-D": 100 * float(cider(told, people).mean()), "words": sum(map(len, told)) / len(told)}


def caption_all(
    opened: Opened, data: Source, judging: Judging, *, references: bool
) -> tuple[dict[str, str], dict[str, list[str]], dict[str, Any]]:
    """The model's caption of each image, what people wrote, and the images' ids; all by key.

    Args:
        opened: The tuned model.
        data: Images.
        judging: How.
        references: Whether the images have captions.
    """
    options: CaptioningOptions = judging.options
    head, words = opened.whole, opened.words
    assert isinstance(head, Telling)
    assert isinstance(opened.base, Albef)
    assert isinstance(words, Words)
    spell = Speller(opened)
    told: dict[str, str] = {}
    people: dict[str, list[str]] = {}
    ids: dict[str, Any] = {}
    loader = evaluation_batches(opened, data, _recipe(opened, references=references), judging)
    with evaluating(head) as device:
        for number, batch in enumerate(loader, 1):
            new = {key: row for row, key in reversed(list(enumerate(batch.keys))) if key not in told}
            for key, row in sorted(new.items(), key=lambda one: one[1]):
                ids[key] = _id(data.facts(int(batch.samples[row])), key)
            if new:
                rows = sorted(new.values())
                images = batch.images[rows].to(device)
                asked = prompt(opened, len(rows), device)
                found = generate(
                    head.decoder,
                    head.read(images, *asked),
                    asked[1],
                    begin=words.cls,
                    end=words.sep,
                    beams=options.beams,
                    length=options.words,
                    penalty=options.penalty,
                    forbidden=spell.never,
                )
                told |= {batch.keys[row]: spell(one) for row, one in zip(rows, found, strict=True)}
            if references:
                for caption, row in zip(batch.captions, batch.caption_rows.tolist(), strict=True):
                    people.setdefault(batch.keys[row], []).append(caption)
            judging.progress(number, len(loader))
    return told, people, ids


def _recipe(opened: Opened, *, references: bool) -> Recipe:
    text = TextRecipe(tokenizer=None, captions="all") if references else None
    return replace(opened.recipe(), text=text)


def _id(facts: Mapping[str, Any], key: str) -> Any:
    """COCO's id of an image where the data has one, as the evaluation server knows it."""
    found = facts.get("image_id", facts.get("cocoid"))
    return found if found is not None else int(key) if key.isdecimal() else key


TASK = Downstream(name=_NAME, models=("albef", "tcl"), options=CaptioningOptions, judge=judge, begin=begin, headed=True)
