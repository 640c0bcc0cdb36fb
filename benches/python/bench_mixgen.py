"""What MixGen costs: in the loader against the same recipe without it, and on tensors against a copy of them."""

from __future__ import annotations

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from impasto import BatchMixGen, ImageRecipe, Loader, MixGen, Recipe
from impasto.sources import Sequence

MIXES = {"without": None, "impasto": MixGen(), **{f"variant {name}": MixGen.variant(name) for name in "ade"}}


@pytest.mark.benchmark(group="load 64 JPEGs with and without MixGen")
@pytest.mark.parametrize("mix", MIXES.values(), ids=MIXES)
def bench_loader(benchmark: BenchmarkFixture, jpegs: list[bytes], captions: list[str], mix: MixGen | None) -> None:
    data = Sequence(list(zip(jpegs, captions[: len(jpegs)], strict=True)))
    loader = Loader(data, Recipe(image=ImageRecipe(size=224), mix=mix), batch_size=64, workers=0)

    def epoch() -> int:
        loader.set_epoch(0)
        return sum(int(batch.plan.mixed.sum()) for batch in loader)

    assert epoch() == (16 if mix else 0)
    benchmark(epoch)


@pytest.mark.benchmark(group="mix 64 float images of 224x224 on the CPU")
@pytest.mark.parametrize("arm", ["impasto", "clone"])
def bench_tensors(benchmark: BenchmarkFixture, arm: str) -> None:
    images = torch.rand(64, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    module = BatchMixGen(MixGen())
    mixed = module({"images": images})["images"]
    assert torch.allclose(mixed[:16], 0.5 * images[:16] + 0.5 * images[16:32], atol=1e-6)
    assert torch.equal(mixed[16:], images[16:])
    benchmark((lambda: module({"images": images})) if arm == "impasto" else images.clone)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.benchmark(group="mix 512 float images of 224x224 on a GPU")
@pytest.mark.parametrize("arm", ["impasto", "clone"])
def bench_tensors_on_a_gpu(benchmark: BenchmarkFixture, arm: str) -> None:
    images = torch.rand(512, 3, 224, 224, device="cuda")
    module = BatchMixGen(MixGen()).cuda()

    def run() -> None:
        module({"images": images}) if arm == "impasto" else images.clone()
        torch.cuda.synchronize()

    benchmark(run)
