"""A loader's batch is painted as its images in [0, 1] would be, whatever it was normalised with."""

from __future__ import annotations

from collections import UserDict
from types import MappingProxyType

import numpy as np
import pytest
import torch

from impasto import Batch, BatchId, ImageRecipe, Loader, Recipe, RecipeError, StyleRandomizer
from impasto.sources import Sequence


@pytest.fixture(scope="module")
def stylize() -> StyleRandomizer:
    return StyleRandomizer.load(alpha=0.7, ratio="1:1", seed=3)


def _batch(pairs, *views: ImageRecipe) -> Batch:
    data = Sequence([(str(path), captions) for path, captions in pairs[:6]])
    return next(iter(Loader(data, Recipe(image=views, text=None), batch_size=6, shuffle=False, workers=0)))


@pytest.mark.parametrize("normalize", [None, "clip", ((0.1, 0.5, 0.7), (0.2, 0.9, 1.5))])
@pytest.mark.parametrize("layout", ["chw", "hwc"])
def test_normalised_batches_are_painted_as_plain_ones(stylize, pairs, normalize, layout) -> None:
    common = {"size": 64, "exact": True}
    plain = _batch(pairs, ImageRecipe(normalize=None, **common))
    batch = _batch(pairs, ImageRecipe(normalize=normalize, layout=layout, **common))
    expected = stylize(plain.images, id=plain.id)
    painted = stylize(batch)
    mean_std = ImageRecipe(normalize=normalize).mean_std or ([0.0], [1.0])
    mean, std = (torch.tensor(part)[:, None, None] for part in mean_std)
    found = painted.images.movedim(-1, 1) if layout == "hwc" else painted.images
    torch.testing.assert_close(found * std + mean, expected, atol=2e-4, rtol=0)
    still = sorted(set(range(6)) - set(stylize.draw(6, id=batch.id).rows.tolist()))
    assert 0 < len(still) < 6
    assert torch.equal(painted.images[still], batch.images[still])
    assert painted.plan is batch.plan
    assert painted.images.shape == batch.images.shape


def test_all_views_get_the_same_styles(stylize, pairs) -> None:
    batch = _batch(pairs, ImageRecipe(size=64, dtype="uint8"), ImageRecipe(size=48, dtype="bfloat16"))
    painted = stylize(batch)
    second = painted.views[1]
    assert torch.equal(painted.views[0], stylize(batch.views[0], id=batch.id))
    changed = [(view != own).flatten(1).any(1) for view, own in zip(painted.views, batch.views, strict=True)]
    assert torch.equal(*changed)
    assert second.dtype == torch.bfloat16
    assert np.isfinite(second.float().numpy()).all()


def test_a_batch_of_unknown_normalisation_is_refused(stylize, pairs) -> None:
    batch = _batch(pairs, ImageRecipe(size=64))
    with pytest.raises(RecipeError, match="how its images were normalised"):
        stylize(batch.changed(mean_stds=None))


@pytest.mark.parametrize("kind", [dict, UserDict, MappingProxyType])
def test_a_mapping_comes_back_as_another_of_its_kind(stylize, kind) -> None:
    first, second, labels = torch.rand(4, 3, 33, 40), torch.rand(4, 3, 20, 20), torch.arange(4)
    batch = kind({"pixel_values": first, "labels": labels, "images_1": second, "images_shown": None})
    id = BatchId(epoch=1, step=2)
    painted = stylize(batch, id=id)
    assert type(painted) is kind and [*painted] == [*batch]
    assert painted["labels"] is labels and painted["images_shown"] is None
    for name, expected in zip(("pixel_values", "images_1"), stylize([first, second], id=id), strict=True):
        assert torch.equal(painted[name], expected) and not torch.equal(painted[name], batch[name])
    assert batch["pixel_values"] is first


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ({"pictures": torch.rand(2, 3, 20, 20)}, r"none of the images \('images', .*among \['pictures'\]"),
        ({"image": torch.rand(2, 3, 20, 20) - 1}, "before normalising"),
        ({"image": torch.rand(2, 3, 20, 20), "images_1": torch.rand(3, 3, 20, 20)}, "different batch sizes"),
        ({"image": [1, 2]}, "must be a tensor"),
    ],
)
def test_mappings_that_can_t_be_painted(stylize, batch, message) -> None:
    with pytest.raises(RecipeError, match=message):
        stylize(batch)
