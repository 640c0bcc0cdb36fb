"""What can't be stylized gets an error that says what to do."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from impasto import RecipeError, StyleRandomizer

from .conftest import SIZE


class TestBadImages:
    """Each gets an error that says what to do."""

    @pytest.mark.parametrize(
        ("shape", "message"),
        [
            ((2, 3, 1, 1), "1x1 pixels are too small: the style transformer needs, at least 8x8"),
            ((2, 3, 12, 40), "12x40 pixels are too small: the style predictor needs .base='mean'.*16x16"),
            ((2, 1, 32, 32), r"3 channels \(RGB\), not 1.*expand"),
            ((2, 4, 32, 32), r"not 4.*\[:, :3\]"),
            ((2, 32, 32, 3), "movedim"),
            ((2, 2, 32, 32), "not 2"),
            ((32, 32), r"must be \[B, 3, H, W\]"),
            ((1, 2, 3, 32, 32), r"must be \[B, 3, H, W\]"),
            ((0, 1, 32, 32), "not 1"),
        ],
    )
    def test_shapes(self, model, shape, message):
        with pytest.raises(RecipeError, match=message):
            StyleRandomizer(model)(torch.rand(shape))

    def test_sizes_depend_on_what_is_asked_for(self, model):
        small = torch.rand(2, 3, 8, 9)
        assert StyleRandomizer(model, base="mean")(small).shape == small.shape
        assert StyleRandomizer(model, alpha=1)(small).shape == small.shape
        with pytest.raises(RecipeError, match="after 1 halvings, at least 15x15"):
            StyleRandomizer(model, base="mean", downsample=1)(small)
        assert StyleRandomizer(model, base="mean", downsample=1)(torch.rand(1, 3, 15, 15)).shape == (1, 3, 15, 15)

    @pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.bool, torch.complex64])
    def test_dtypes(self, model, images, dtype):
        with pytest.raises(RecipeError, match=r"floating point in .0, 1., or uint8"):
            StyleRandomizer(model)(images.to(dtype))

    @pytest.mark.parametrize("what", [None, [[1.0]], np.zeros((1, 3, 32, 32), np.float32), "image"])
    def test_what_is_no_tensor(self, model, what):
        with pytest.raises(RecipeError, match="must be a tensor"):
            StyleRandomizer(model)(what)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda x: x * 255, "divide by 255"),
            (lambda x: (x - 0.5) / 0.2, "before normalising"),
            (lambda x: x + 0.1, "clamp"),
            (lambda x: x.index_fill(0, torch.tensor([3]), float("nan")), "not finite"),
            (lambda x: x.index_fill(3, torch.tensor([0]), float("inf")), "not finite"),
            (lambda x: x.index_fill(3, torch.tensor([0]), float("-inf")), "not finite"),
        ],
    )
    def test_values(self, model, images, change, message):
        with pytest.raises(RecipeError, match=message):
            StyleRandomizer(model)(change(images))
        StyleRandomizer(model, check="never")(change(images))

    def test_rounding_is_forgiven(self, model, images):
        StyleRandomizer(model)(images * 1.0005)

    def test_a_plan_for_others(self, model, images):
        stylize = StyleRandomizer(model)
        with pytest.raises(RecipeError, match="a plan for 4 images, of which there are 5"):
            stylize(images, stylize.draw(4))
        with pytest.raises(RecipeError, match="name the others"):
            stylize(images, 0.5)
        with pytest.raises(RecipeError, match="has its alpha already"):
            stylize(images, stylize.draw(5), alpha=0.5)

    @pytest.mark.parametrize("shape", [(7,), (5, 7), (3, SIZE), (1, 1, SIZE), ()])
    def test_embeddings_that_do_not_fit(self, model, images, shape):
        with pytest.raises(RecipeError, match="embeddings"):
            StyleRandomizer(model)(images, embeddings=torch.zeros(shape))

    def test_embeddings_that_are_no_numbers(self, model, images):
        with pytest.raises(RecipeError, match="not finite"):
            StyleRandomizer(model)(images, embeddings=torch.full((SIZE,), float("nan")))
        with pytest.raises(RecipeError, match="floating point"):
            StyleRandomizer(model)(images, embeddings=torch.zeros(SIZE, dtype=torch.int64))

    def test_another_device(self, model, images):
        with pytest.raises(RecipeError, match="images are on meta, the networks on cpu"):
            StyleRandomizer(model, check="never")(images.to("meta"))

    @pytest.mark.parametrize(
        "options",
        [
            {"base": "none"},
            {"backend": "tensorrt"},
            {"check": True},
            {"downsample": -1},
            {"downsample": 0.5},
            {"chunk": 0},
            {"seed": -1},
            {"seed": 0.5},
            {"dtype": torch.int16},
            {"ratio": "x"},
        ],
    )
    def test_options(self, model, options):
        with pytest.raises(RecipeError, match=next(iter(options))):
            StyleRandomizer(model, **options)
