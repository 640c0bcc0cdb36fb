"""What the benches share: the bytes that every rival gets, one CPU, one thread."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from impasto import ImageRecipe, ops
from impasto_lab.bench.machine import one_cpu
from impasto_lab.bench.photographs import write_files
from impasto_lab.bench.work import Views

COUNT = 64


@pytest.fixture(scope="session", autouse=True)
def _one_core() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with one_cpu():
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def jpegs(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Encoded photographs of 640x480 pixels: quality 90, 4:2:0."""
    files = write_files(tmp_path_factory.mktemp("photographs"), COUNT)
    return [Path(path).read_bytes() for path in files.paths]


@pytest.fixture(scope="session")
def views(jpegs: list[bytes]) -> Views:
    """The crops and flips that our loader draws for them."""
    drawn = [ops.load(jpeg, ImageRecipe(), sample=number)[1:] for number, jpeg in enumerate(jpegs)]
    boxes, flips = np.array([box for box, _ in drawn]), np.array([flip for _, flip in drawn])
    assert (boxes == boxes.round()).all()
    return Views(boxes.astype(np.int64), flips)


@pytest.fixture(scope="session")
def captions() -> list[str]:
    """Prompts that open_clip carries: its templates, filled with its class names."""
    metadata = pytest.importorskip("open_clip.zero_shot_metadata")
    draw = random.Random(0)
    names, templates = metadata.IMAGENET_CLASSNAMES, metadata.OPENAI_IMAGENET_TEMPLATES
    return [draw.choice(templates)(draw.choice(names)) for _ in range(1000)]
