"""Shapes, dtypes and memory formats: in as out."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from impasto import RecipeError, StyleRandomizer

from .conftest import DTYPES, SIZE, apart, as_dtype, tiny_model


class TestFormats:
    """In as out."""

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("form", [torch.contiguous_format, torch.channels_last])
    @pytest.mark.parametrize("ratio", ["0:1", "1:1"])
    def test_dtype_and_memory_format(self, model, images, dtype, form, ratio):
        batch = as_dtype(images, dtype).to(memory_format=form)
        before = batch.clone()
        out = StyleRandomizer(model, ratio=ratio)(batch)
        assert out.dtype == dtype and out.shape == batch.shape and out.is_contiguous(memory_format=form)
        assert torch.equal(batch, before)
        exact = StyleRandomizer(model, ratio=ratio)(
            as_dtype(batch.double() / (255 if dtype == torch.uint8 else 1), torch.float64)
        )
        scale = 255 if dtype == torch.uint8 else 1
        step = 1 / 255 if dtype == torch.uint8 else torch.finfo(dtype).eps
        assert torch.allclose(out.double() / scale, exact, atol=max(step, 1e-6))

    @given(height=st.integers(16, 41), width=st.integers(16, 41), count=st.integers(0, 3), down=st.integers(0, 1))
    def test_any_size_comes_back_at_its_own(self, height, width, count, down):
        images = torch.rand(count, 3, height, width)
        out = StyleRandomizer(tiny_model(), downsample=down)(images)
        assert out.shape == images.shape
        assert count == 0 or (float(out.min()) >= 0 and float(out.max()) <= 1)

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_one_image(self, model, images, dtype):
        image = as_dtype(images[0], dtype)
        out = StyleRandomizer(model)(image)
        assert torch.equal(out, StyleRandomizer(model)(image[None])[0]) and out.dtype == dtype

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_an_empty_batch(self, model, dtype):
        for base in ("image", "mean"):
            empty = torch.zeros(0, 3, 32, 32).to(dtype)
            out = StyleRandomizer(model, base=base)(empty)
            assert out.shape == empty.shape and out.dtype == dtype
        assert StyleRandomizer(model).predict(empty).shape == (0, SIZE)
        assert len(StyleRandomizer(model).draw(0)) == 0

    def test_slices_and_expanded_images(self, model, images):
        flipped = images.flip(3)[:, :, ::2, 1:]
        assert torch.equal(StyleRandomizer(model)(flipped), StyleRandomizer(model)(flipped.contiguous()))
        grey = images[:, :1].expand(-1, 3, -1, -1)
        assert torch.equal(StyleRandomizer(model)(grey), StyleRandomizer(model)(grey.contiguous()))

    def test_downsampling_is_the_published_one(self, model, images):
        images, embeddings = images[:, :, :32, :20], torch.randn(5, SIZE)
        out = StyleRandomizer(model, downsample=1)(images, embeddings=embeddings, alpha=0.4)
        with torch.no_grad():
            mixed = 0.4 * embeddings + 0.6 * model.predictor(images)
            small = model.transformer(nn.functional.avg_pool2d(images, 2), mixed)
            wanted = nn.functional.interpolate(small, scale_factor=2, mode="bilinear")
        assert torch.allclose(out, wanted, atol=1e-6)

    @pytest.mark.parametrize("chunk", [1, 2, 5, 9])
    def test_chunks_change_nothing(self, model, images, chunk):
        assert torch.allclose(StyleRandomizer(model, chunk=chunk)(images), StyleRandomizer(model)(images), atol=1e-6)

    @pytest.mark.parametrize(("dtype", "mean", "rare"), [(torch.float16, 2e-3, 0.01), (torch.bfloat16, 2e-2, 0.1)])
    def test_half_precision(self, model, images, dtype, mean, rare):
        out = StyleRandomizer(model, dtype=dtype)(images)
        exact = StyleRandomizer(model)(images)
        assert out.dtype == torch.float32 and not torch.equal(out, exact)
        found = apart(out, exact)
        assert found[0] < mean and found[1] < rare

    def test_graphs_are_for_gpus(self, model, images):
        assert torch.equal(StyleRandomizer(model, graphs=True)(images), StyleRandomizer(model)(images))
        with pytest.raises(RecipeError, match="graphs=True keeps no gradients"):
            StyleRandomizer(model, graphs=True, differentiable=True)

    @pytest.mark.parametrize("enabled", [True, False])
    def test_autocast_has_no_say(self, model, images, enabled):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            out = StyleRandomizer(model)(images)
        assert out.dtype == torch.float32 and torch.equal(out, StyleRandomizer(model)(images))

    def test_a_parent_of_another_dtype(self, model, images):
        parent = nn.ModuleDict({"stylize": StyleRandomizer(model)}).bfloat16()
        out = parent["stylize"](images)
        assert out.dtype == torch.float32
        assert torch.allclose(out, StyleRandomizer(model)(images), atol=0.2)
