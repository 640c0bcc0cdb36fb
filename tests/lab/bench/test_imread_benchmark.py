"""The adapter for imread_benchmark, by what its CONTRIBUTING.md asks of a decoder."""

from __future__ import annotations

import importlib
import io
import sys
import tomllib
from abc import ABC, abstractmethod
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from torch.utils.data import DataLoader

from impasto_lab.bench import photographs

ROOT = Path(__file__).parents[3]


class _Base(ABC):
    """The part of `imread_benchmark.decoders.BaseDecoder` that its documents describe: the package is on no index."""

    name: str
    package_name: str
    group = "mainstream"
    in_dataloader = True

    @abstractmethod
    def decode(self, data: bytes) -> Any: ...

    def decode_path(self, path: str) -> Any:
        return self.decode(Path(path).read_bytes())

    def get_num_threads(self) -> int:
        return 1


@pytest.fixture
def decoder(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ours, as the entry point has it."""
    if there := find_spec("imread_benchmark"):
        importlib.import_module("imread_benchmark.decoders")  # which imports ours
    else:
        package, decoders = ModuleType("imread_benchmark"), ModuleType("imread_benchmark.decoders")
        decoders.BaseDecoder = _Base  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "imread_benchmark", package)
        monkeypatch.setitem(sys.modules, "imread_benchmark.decoders", decoders)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (place,) = project["entry-points"]["imread_benchmark.decoders"].values()
    module, _, name = place.partition(":")
    yield getattr(importlib.import_module(module), name)()
    if not there:
        del sys.modules[module]  # it has the stand-in's class


class _Sizes:
    def __init__(self, decoder: Any, files: list[bytes]) -> None:
        self.decoder, self.files = decoder, files

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, at: int) -> torch.Tensor:
        return torch.from_numpy(self.decoder.decode(self.files[at])).sum()


def test_what_a_decoder_has_to_be(decoder: Any, tmp_path: Path) -> None:
    picture = PIL.Image.fromarray(photographs.pixels(1, 65)[0]).crop((0, 0, 65, 50))
    (path := tmp_path / "picture.jpg").write_bytes(_jpeg(picture))
    with PIL.Image.open(path) as opened:
        expected = np.asarray(opened.convert("RGB"))
    data = path.read_bytes()
    found, by_path = decoder.decode(data), decoder.decode_path(str(path))
    del data
    for pixels in (found, by_path):
        assert (pixels.shape, pixels.dtype) == ((50, 65, 3), np.uint8) and pixels.flags.c_contiguous
        assert np.array_equal(pixels, expected)
    red = decoder.decode(_jpeg(PIL.Image.new("RGB", (16, 16), "red")))
    assert red[..., 0].min() > 250 and red[..., 1:].max() < 5
    assert decoder.decode(_jpeg(PIL.Image.new("L", (16, 8), 7))).shape == (8, 16, 3)
    assert (decoder.name, decoder.package_name, decoder.group) == ("impasto", "impasto", "mainstream")
    assert decoder.get_num_threads() == 1


def test_it_runs_in_a_worker(decoder: Any) -> None:
    files = [_jpeg(PIL.Image.fromarray(image)) for image in photographs.pixels(3, 32)]
    sums = [int(decoder.decode(file).sum()) for file in files]
    loader = DataLoader(_Sizes(decoder, files), num_workers=1, multiprocessing_context="fork")
    assert [int(batch) for batch in loader] == sums


def _jpeg(picture: PIL.Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=95)
    return file.getvalue()
