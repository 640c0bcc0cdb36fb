"""Augmentations in the loader are `ops.augment`'s, told in the plan, the same in any order and with any threads."""

import pickle

import numpy as np
import pytest
import torch

import impasto
from impasto import ImageRecipe, Loader, Recipe, mixgen, ops
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


def test_a_loader_s_words_are_ops_augment_caption_s(photographs, encode):
    jpeg = encode(photographs["coffee"], "JPEG")
    captions = [f"the photograph number {number} shows a cup of coffee" for number in range(8)]
    policies = (impasto.RandomDeletion(p=0.3), impasto.RandomSwap(n=2))
    data = Sequence([(jpeg, caption) for caption in captions])
    text = impasto.TextRecipe(tokenizer=None, augment=policies)
    changed = 0
    for batch in batches(data, Recipe(image=ImageRecipe(size=32), text=text)):
        for key, caption in zip(batch.keys, batch.captions, strict=True):
            wanted = ops.augment_caption(captions[int(key)], policies, seed=3, epoch=2, sample=int(key))
            assert caption == wanted
            changed += caption != captions[int(key)]
    assert changed > 4
    assert pickle.loads(pickle.dumps(text)) == text
    with pytest.raises(impasto.RecipeError, match="tuple of augmentations of words"):
        impasto.TextRecipe(augment=(impasto.RandAugment(),))


def test_mixup_blends_images_and_leaves_captions(photographs, encode):
    names = sorted(photographs)
    data = Sequence([(encode(photographs[name], "PNG"), name) for name in names])
    image = ImageRecipe(size=32, crop="none", dtype="float32", normalize=None)
    (plain,) = list(Loader(data, Recipe(image=image), batch_size=len(names), workers=0, seed=1))
    (mixed,) = list(Loader(data, Recipe(image=image, mix=impasto.MixUp(0.5)), batch_size=len(names), workers=0, seed=1))
    plan = mixed.plan
    assert plan.mixed.all()
    assert len(set(plan.lams.tolist())) == 1
    assert plain.captions == mixed.captions
    assert torch.equal(plain.input_ids, mixed.input_ids)
    lams = torch.from_numpy(plan.lams)[:, None, None, None]
    wanted = lams * plain.images + (1 - lams) * plain.images[plan.partners]
    assert (wanted - mixed.images).abs().max() < 1e-5
    labels = torch.arange(len(names)) % 3
    soft = mixgen.soft_labels(labels, plan, 3)
    logits = torch.randn(len(names), 3, generator=torch.Generator().manual_seed(0))
    cross = torch.nn.functional.cross_entropy
    halves = float(lams[0]) * cross(logits, labels) + (1 - float(lams[0])) * cross(logits, labels[plan.partners])
    assert torch.allclose(cross(logits, soft), halves, atol=1e-6)
    with pytest.raises(impasto.RecipeError, match="-1 stands for"):
        mixgen.soft_labels(labels - 1, plan, 3)
