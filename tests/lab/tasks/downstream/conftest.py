"""A small world, and pretrained models of each kind, drawn and never trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from impasto.recipe import BertTokenizer, ClipTokenizer
from impasto_lab.models import (
    Albef,
    Clip,
    ClipSettings,
    FusionSettings,
    Tcl,
    Vilt,
    ViltSettings,
    Words,
)
from impasto_lab.tasks.downstream import Opened, save_checkpoint
from impasto_lab.tasks.pretrain import CompactVocabulary
from impasto_lab.tasks.pretrain.vocabulary import own_vocabulary
from impasto_lab.worlds import World, render_language, scenes, write_world

Open = Callable[..., Opened]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Twenty-four scenes, half of them train."""
    made = scenes.samples(size=scenes.Size(24, side=48, held=6), seed=1)
    return write_world(tmp_path_factory.mktemp("world") / "w", made, name="scenes", total=24, formats=("albef",))


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Gives a model of a kind; its words are letters, so that it can spell all."""
    vocabulary = tmp_path_factory.mktemp("words") / "vocab.txt"
    vocabulary.write_text(own_vocabulary(["a", "the on"]), encoding="utf-8")
    words = Words.read(vocabulary)
    clip_rows = CompactVocabulary((0, *range(256, 512), 49406, 49407))

    def make(kind: str, *, seed: int = 0, **sizes: Any) -> Opened:
        torch.manual_seed(seed)
        if kind == "clip":
            clip = Clip(ClipSettings.preset("tiny", vocabulary=clip_rows.size, **sizes)).eval()
            return Opened(clip, ClipTokenizer(), None, clip_rows)
        tokenizer = BertTokenizer(vocabulary=vocabulary, end=kind == "vilt")
        base: Vilt | Albef
        if kind == "vilt":
            base = Vilt(ViltSettings.preset("tiny", vocabulary=words.size, **sizes))
        else:
            made = {"albef": Albef, "tcl": Tcl}[kind]
            base = made(FusionSettings.preset("tiny", **{"vocabulary": words.size, "queue": 8, **sizes}))
        return Opened(base.eval(), tokenizer, words)

    return make


@pytest.fixture
def saved(fresh: Open, tmp_path: Path) -> Callable[..., Path]:
    """Saves a model of a kind as a run would have left it."""

    def save(kind: str, **sizes: Any) -> Path:
        save_checkpoint(fresh(kind, **sizes), tmp_path / kind / "model")
        return tmp_path / kind

    return save


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Twenty scenes with questions, hypotheses, statements and expressions; twelve are train."""
    return render_language(tmp_path_factory.mktemp("told") / "w", size=scenes.Size(20, side=48, held=4), seed=1)
