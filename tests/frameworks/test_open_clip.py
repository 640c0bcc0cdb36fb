"""open_clip's own trainer, as its page says, with a tiny model."""

import json
import logging
import random
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from expected_batches import DATA
from pages import blocks, run_page

from impasto import ImageRecipe, Loader, MixGen, Recipe, TextRecipe
from impasto.ops import permutation

pytest.importorskip("webdataset")
open_clip = pytest.importorskip("open_clip")
trainer = pytest.importorskip("open_clip_train.main")
pytestmark = pytest.mark.filterwarnings("ignore")

TEXT = TextRecipe(tokenizer="clip", length=77)
PLAIN = Recipe(image=ImageRecipe(size=32, crop="center", resize=32, exact=True), text=TEXT)
BATCH, MIXED = 8, 2
TOWER = {"width": 16, "layers": 1}
CONFIG = {
    "embed_dim": 8,
    "vision_cfg": {**TOWER, "image_size": 32, "patch_size": 16, "head_width": 16},
    "text_cfg": {**TOWER, "context_length": 77, "vocab_size": 49408, "heads": 1},
}


@pytest.fixture(autouse=True)
def as_it_was():
    """The trainer sets up logging, and seeds what all share."""
    root = logging.getLogger()
    kept = list(root.handlers), root.level, {name: log.level for name, log in _loggers()}
    get_data, drawn = trainer.get_data, (torch.get_rng_state(), random.getstate(), np.random.get_state())  # noqa: NPY002
    yield
    trainer.get_data = get_data
    torch.set_rng_state(drawn[0])
    random.setstate(drawn[1])
    np.random.set_state(drawn[2])  # noqa: NPY002
    for handler in set(root.handlers) - set(kept[0]):
        handler.close()
    root.handlers, root.level = kept[:2]
    for name, log in _loggers():
        log.setLevel(kept[2].get(name, logging.NOTSET))


def _loggers():
    return [(name, log) for name, log in logging.root.manager.loggerDict.items() if isinstance(log, logging.Logger)]


@pytest.fixture
def train(tmp_path, monkeypatch):
    """Runs the page's script; returns what the model was trained on, and what was measured."""
    (tmp_path / "tiny.json").write_text(json.dumps(CONFIG))
    open_clip.add_model_config(tmp_path)

    def train(name, *more):
        seen = []

        def note(module, given):
            if isinstance(module, open_clip.CLIP) and module.training:
                seen.append([tensor.clone() for tensor in given])

        arguments = {
            "model": "tiny",
            "train-data": "impasto",
            "batch-size": BATCH,
            "workers": 2,
            "warmup": 1,
            "seed": 3,
        }
        arguments |= {"logs": tmp_path, "name": name, "device": "cpu", "precision": "fp32"}
        flags = [word for flag, value in arguments.items() for word in (f"--{flag}", str(value))]
        monkeypatch.setattr(sys, "argv", ["train.py", *flags, *more])
        hook = torch.nn.modules.module.register_module_forward_pre_hook(note)
        try:
            recipe = replace(PLAIN, mix=MixGen(ratio=MIXED / BATCH))
            run_page("open_clip", only=slice(1), data=DATA, held_out=DATA[:10], recipe=recipe, plain=PLAIN)
        finally:
            hook.remove()
        results = (tmp_path / name / "checkpoints" / "results.jsonl").read_text().splitlines()
        return seen, [json.loads(line) for line in results]

    return train


def _captions(epoch):
    """Of every batch of an epoch, worked out from the documented rule; without spaces, which no id says."""
    order = permutation(len(DATA), seed=3, epoch=epoch)
    plain = [f"caption{order[place]}" for place in range(len(DATA))]
    for first in range(0, len(DATA), BATCH):
        rows = plain[first : first + BATCH]
        mixed = [f"{rows[row]}{rows[row + MIXED]}" for row in range(MIXED)]
        yield [*mixed, *rows[MIXED:]]


def _read(ids):
    words = open_clip.tokenizer.SimpleTokenizer().decode(ids.tolist())
    return "".join(words.partition("<start_of_text>")[2].partition("<end_of_text>")[0].split())


def test_the_trainer(train, tmp_path):
    whole, measured = train("whole", "--epochs", "2")
    assert [[_read(row) for row in texts] for _, texts in whole] == [*_captions(0), *_captions(1)]
    assert [one["num_samples"] for one in measured] == [10, 10]
    begun, _ = train("begun", "--epochs", "1")
    resumed, _ = train("resumed", "--epochs", "2", "--resume", str(tmp_path / "begun" / "checkpoints" / "epoch_1.pt"))
    for (images, texts), (expected, ids) in zip([*begun, *resumed], whole, strict=True):
        assert torch.equal(images, expected) and torch.equal(texts, ids)


def test_evaluation_is_on_what_open_clip_evaluates_on(tmp_path):
    """Its own preprocessing and tokenizer, over a table of the same files."""
    from open_clip_train.data import get_csv_dataset

    lines = ["filepath\ttitle"]
    for row in range(10):
        path = tmp_path / f"{row}.jpg"
        path.write_bytes(bytes(DATA.gather(np.array([row])).image(0)))
        lines.append(f"{path}\tcaption {row}")
    (tmp_path / "val.tsv").write_text("\n".join(lines))

    class Arguments:
        val_data, csv_img_key, csv_caption_key, csv_separator = str(tmp_path / "val.tsv"), "filepath", "title", "\t"
        distributed, batch_size, workers = False, 4, 0

    preprocess = open_clip.image_transform(32, is_train=False)
    tokenizer = open_clip.tokenizer.SimpleTokenizer()
    theirs = get_csv_dataset(Arguments, preprocess, is_train=False, tokenizer=tokenizer).dataloader
    ours = Loader.evaluation(DATA[:10], PLAIN, batch_size=4, form="open_clip")
    assert (ours.num_samples, ours.num_batches) == (theirs.num_samples, theirs.num_batches)
    for (images, texts), (expected, ids) in zip(ours, theirs, strict=True):
        assert torch.allclose(images, expected, atol=1e-6) and torch.equal(texts, ids)


def test_the_pages_recipes_are_open_clips():
    made = {"__name__": "recipes"}
    exec("import impasto\n" + blocks("open_clip")[1], made)
    random_crop = open_clip.image_transform(224, is_train=True).transforms[0]
    image, ways = made["recipe"].image, random_crop.interpolation.value
    assert (image.scale, image.ratio, image.interpolation) == (random_crop.scale, random_crop.ratio, ways)
    shorter, center = open_clip.image_transform(224, is_train=False).transforms[:2]
    image = made["plain"].image
    assert (image.crop, image.resize, image.shape) == ("center", shorter.size, center.size)
