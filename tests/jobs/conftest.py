"""A tiny style model, a few cuts of a photograph, and what a job's folder holds."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import impasto
from impasto.jobs import StylizedData, StylizeSettings
from impasto.style import EmbeddingDistribution, StatisticsPredictor, StyleModel, StyleRandomizer, StyleTransformer

ROWS = 7


@pytest.fixture(scope="session")
def model() -> StyleModel:
    torch.manual_seed(0)
    distribution = EmbeddingDistribution(torch.zeros(8), 4 * torch.eye(8))
    transformer = StyleTransformer(widths=(4, 6, 8), residuals=1, embedding=8, kernel=3)
    return StyleModel(transformer, StatisticsPredictor(embedding=8, widths=(4, 4, 4, 4)), distribution)


@pytest.fixture(scope="session")
def randomizer(model: StyleModel) -> StyleRandomizer:
    return StyleRandomizer(model)


@pytest.fixture(scope="session")
def images(photographs: dict[str, np.ndarray], encode: Callable[..., bytes]) -> list[bytes]:
    """Seven cuts of a photograph, of three sizes and two formats."""
    astronaut = photographs["astronaut"]
    sides = [(24, 32), (32, 24), (40, 40)]
    cuts = [astronaut[20 * n : 20 * n + sides[n % 3][0], 60 : 60 + sides[n % 3][1]] for n in range(ROWS)]
    return [encode(cut, "PNG" if n == 2 else "JPEG") for n, cut in enumerate(cuts)]


@pytest.fixture(scope="session")
def data(images: list[bytes]) -> impasto.sources.Sequence:
    return impasto.sources.Sequence([(image, [f"cut {n}", f"caf\u00e9 {n}"]) for n, image in enumerate(images)])


@pytest.fixture(scope="session")
def settings() -> Callable[..., StylizeSettings]:
    return lambda **changes: StylizeSettings(**{"copies": 2, "seed": 3, "shard_size": 5, **changes})


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, bytes]]:
    """Everything in a folder but the readers' caches."""

    def contents(folder: Path) -> dict[str, bytes]:
        kinds = (".tar", ".json", ".jsonl", ".partial")
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in kinds}

    return contents


@pytest.fixture(scope="session")
def samples() -> Callable[[StylizedData], dict[str, dict[str, bytes]]]:
    """The members of every sample, as tarfile reads them."""

    def samples(done: StylizedData) -> dict[str, dict[str, bytes]]:
        samples: dict[str, dict[str, bytes]] = {}
        for path in sorted(Path(done.shards).parent.glob("*.tar")):
            with tarfile.open(path) as tar:
                for member in tar:
                    key, _, ending = member.name.partition(".")
                    samples.setdefault(key, {})[ending] = tar.extractfile(member).read()
        return samples

    return samples


@pytest.fixture(scope="session")
def done(
    data: impasto.sources.Source,
    randomizer: StyleRandomizer,
    settings: Callable[..., StylizeSettings],
    tmp_path_factory: pytest.TempPathFactory,
) -> StylizedData:
    """A finished job: seven images and two copies of each, in five shards."""
    out = tmp_path_factory.mktemp("job") / "out"
    return impasto.jobs.stylize_data(data, out, randomizer, settings(keep_original=True))


@pytest.fixture(scope="session")
def broken(images: list[bytes], encode: Callable[..., bytes]) -> impasto.sources.Sequence:
    """Four rows, of which one is cut short and one too small."""
    tiny = encode(np.zeros((9, 9, 3), np.uint8), "PNG")
    rows = [(image, "fine") for image in images[:4]]
    rows[1] = (images[1][:200], "cut short")
    rows[3] = (tiny, "tiny")
    return impasto.sources.Sequence(rows)
