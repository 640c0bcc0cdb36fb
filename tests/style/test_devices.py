"""On a GPU: the same styles, near enough the same pictures, and an error that helps when its memory is full."""

from __future__ import annotations

import pytest
import torch

from impasto import RecipeError, StyleRandomizer
from impasto.errors import DeviceMemoryError, ImpastoError
from impasto.style.randomize import memory

from .conftest import apart


@pytest.mark.gpu
class TestOnAGpu:
    """The same styles, near enough the same pictures."""

    def test_the_same_as_on_the_cpu(self, model, images):
        for dtype in (None, torch.float16, torch.bfloat16):
            for more in ({}, {"backend": "torchscript"}, {"graphs": True}, {"differentiable": True}):
                options = {"alpha": (0, 1), "ratio": "1:1", "seed": 5, "dtype": dtype, **more}
                here, there = StyleRandomizer(model, **options), StyleRandomizer(model, **options).cuda()
                plans = here.draw(5), there.draw(5)
                assert torch.equal(plans[0].embeddings, plans[1].embeddings)
                out, wanted = there(images.cuda()).cpu(), here(images)
                mean, rare = apart(out, wanted)
                assert torch.allclose(out, wanted, atol=1e-3) if dtype is None else mean < 0.02 and rare < 0.1

    def test_a_generator_of_the_gpu(self, model, images):
        stylize = StyleRandomizer(model).cuda()
        outs = [stylize(images.cuda(), generator=torch.Generator("cuda").manual_seed(1)) for _ in range(2)]
        assert torch.equal(*outs)

    def test_values_are_looked_at_once(self, model, images):
        stylize = StyleRandomizer(model).cuda()
        with pytest.raises(RecipeError, match="divide by 255"):
            stylize(images.cuda() * 255)
        stylize(images.cuda() * 255)


class TestMemory:
    """When a GPU's is full, the error says which batch would fit."""

    @pytest.fixture
    def full(self, model, monkeypatch):
        """A randomizer whose device has no memory for more than 3 images."""
        stylize = StyleRandomizer(model)
        stylize(torch.rand(1, 3, 16, 16))
        network = stylize.painter._prepared["transformer"]
        real = network.forward

        def forward(images, embeddings):
            if len(images) > 3:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            return real(images, embeddings)

        monkeypatch.setattr(network, "forward", forward)
        return stylize

    def test_without_a_gpu_to_ask(self, full, images):
        with pytest.raises(DeviceMemoryError, match=r"CUDA out of memory while stylizing 5 images: .*chunk=") as caught:
            full(images)
        assert isinstance(caught.value, ImpastoError) and isinstance(caught.value, RuntimeError)
        assert isinstance(caught.value.__cause__, torch.OutOfMemoryError)
        full.painter.chunk = 3
        assert full(images).shape == images.shape

    @pytest.mark.parametrize(
        ("free", "message"), [(1000, "about 4 at a time"), (250, "about 2 at a time"), (10, "not even one")]
    )
    def test_what_fits_is_measured(self, monkeypatch, free, message):
        answers = {
            "empty_cache": None,
            "memory_allocated": 500,
            "reset_peak_memory_stats": None,
            "synchronize": None,
            "max_memory_allocated": 600,
            "mem_get_info": (free, 9999),
            "memory_reserved": 500,
        }
        for name, answer in answers.items():
            monkeypatch.setattr(memory.torch.cuda, name, lambda *_, answer=answer: answer)
        error = memory.out_of_memory(torch.OutOfMemoryError("x"), 5, torch.device("cuda"), lambda few: None)
        assert message in str(error)

    @pytest.mark.gpu
    def test_on_a_gpu(self, model):
        stylize = StyleRandomizer(model, check="never").cuda()
        with pytest.raises(DeviceMemoryError, match=r"about .* at a time would fit"):
            stylize(torch.rand(1, 3, 4096, 4096, device="cuda").expand(4000, -1, -1, -1))
