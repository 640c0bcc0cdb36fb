"""Augmentations in the loader are `ops.augment`'s, told in the plan, the same in any order and with any threads."""

import pickle

import numpy as np
import pytest

import impasto
from impasto import ImageRecipe, Loader, Recipe, ops
from impasto.sources import Sequence

POLICIES = (
    impasto.RandAugment(),
    impasto.TrivialAugment(),
    impasto.ColorJitter(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, p=0.8),
    impasto.Grayscale(p=0.2),
    impasto.GaussianBlur(),
    impasto.RandomErasing(),
)


@pytest.fixture
def data(photographs, encode):
    images = [photographs[name] for name in sorted(photographs)] * 4
    return Sequence([(encode(image[:150, :170], "JPEG"), "a photograph") for image in images])


def batches(data, recipe, workers=0):
    loader = Loader(data, recipe, batch_size=4, workers=workers, seed=3, drop_last=False)
    loader.set_epoch(2)
    return list(loader)


def test_a_loader_s_augmentations_are_ops_augment_s(data, photographs, encode):
    plain = ImageRecipe(size=(64, 80), dtype="uint8", layout="hwc")
    augmented = ImageRecipe(size=(64, 80), dtype="uint8", layout="hwc", augment=POLICIES)
    mixed = 0
    for before, after in zip(
        batches(data, Recipe(image=plain, text=None)),
        batches(data, Recipe(image=augmented, text=None), workers=2),
        strict=True,
    ):
        assert before.keys == after.keys
        assert (before.plan.boxes == after.plan.boxes).all()
        assert before.plan.augmentations == [[]] * len(before.keys)
        for row, key in enumerate(after.keys):
            wanted, operations = ops.augment(before.images[row].numpy(), POLICIES, seed=3, epoch=2, sample=int(key))
            assert after.plan.augmentations[row] == operations
            assert np.array_equal(after.images[row].numpy(), wanted)
            mixed += len(operations)
    assert mixed > len(data)


def test_recipes_are_values():
    recipe = ImageRecipe(augment=POLICIES)
    _ = recipe.native
    again = pickle.loads(pickle.dumps(recipe))
    assert again == recipe
    assert hash(again) == hash(recipe)
    assert "RandAugment(n=2, m=7, ops='albef', p=None)" in repr(recipe)
