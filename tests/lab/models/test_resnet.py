"""ResNet-18 against torchvision's, and which networks go with which images."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torchvision import models
from torchvision.models import resnet18

from impasto import CheckpointError, RecipeError
from impasto_lab.models.resnet import ResNet, classifier


def test_with_its_own_width_and_stem_it_is_torchvisions() -> None:
    theirs, ours = resnet18(num_classes=7).eval(), ResNet(7).eval()
    names = {"conv1.": "stem.0.", "bn1.": "stem.1.", "fc.": "head."}
    names |= {f"layer{stage}.": f"stages.{stage - 1}." for stage in range(1, 5)}
    renamed = {}
    for key, value in theirs.state_dict().items():
        first = next(name for name in names if key.startswith(name))
        renamed[names[first] + key.removeprefix(first)] = value
    ours.load_state_dict(renamed)
    images = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(ours(images), theirs(images))


def test_small_images_keep_their_places() -> None:
    for side, places in ((48, 24), (96, 24)):
        model = classifier("resnet18", classes=10, side=side, width=8)
        assert model.stem(torch.zeros(1, 3, side, side)).shape == (1, 8, places, places)


def test_weights_are_the_seeds() -> None:
    one, same, other = (classifier("resnet18", classes=3, side=32, width=4, seed=seed) for seed in (5, 5, 6))
    assert all(map(torch.equal, one.state_dict().values(), same.state_dict().values()))
    assert not torch.equal(next(one.parameters()), next(other.parameters()))
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    classifier("mobilenet_v3_small", classes=3, side=32)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_weights_of_imagenet_are_kept_but_for_the_last_layer(tmp_path: Path) -> None:
    theirs = models.mobilenet_v3_small(weights=None).eval()
    torch.save(theirs.state_dict(), tmp_path / "mobilenet_v3_small-0.pth")
    given = str(tmp_path / "mobilenet_v3_small-0.pth")
    ours = classifier("mobilenet_v3_small", classes=31, side=64, weights=given).eval()
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert ours(images).shape == (2, 31)
        torch.testing.assert_close(ours.features(images), theirs.features(images))
        torch.testing.assert_close(ours.classifier[0].weight, theirs.classifier[0].weight)
    with pytest.raises(CheckpointError, match="of another model"):
        classifier("squeezenet1_1", classes=31, side=64, weights=given)
    with pytest.raises(RecipeError, match="of our own"):
        classifier("resnet18", classes=31, side=64, weights=given)


def test_inceptions_auxiliary_head_is_there_where_it_can_see() -> None:
    with torch.device("meta"):
        small, large = (classifier("inception_v3", classes=31, side=side) for side in (128, 299))
    images = torch.zeros(2, 3, 128, 128, device="meta")
    assert small.train()(images).shape == (2, 31)
    scores, auxiliary = large.train()(torch.zeros(2, 3, 299, 299, device="meta"))
    assert scores.shape == auxiliary.shape == (2, 31)


def test_what_does_not_go_together() -> None:
    with pytest.raises(RecipeError, match="model='resnet19' is not known"):
        classifier("resnet19", classes=3, side=32)
    with pytest.raises(RecipeError, match="75 pixels"):
        classifier("inception_v3", classes=3, side=64)
    with pytest.raises(RecipeError, match="one width"):
        classifier("resnet50", classes=3, side=64, width=16)
