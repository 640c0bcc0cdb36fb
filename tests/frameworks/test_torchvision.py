"""torchvision's pipelines with impasto's functions, and in a loader, as their page says."""

import io

import numpy as np
import PIL.Image
import pytest
import torch
from expected_batches import DATA
from pages import run_page
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder

from impasto import ImageRecipe, Loader, MixGen, Recipe, StyleRandomizer, TextRecipe
from impasto.loading import Seeded
from impasto.sources import ImageFolder as Folder

v2 = pytest.importorskip("torchvision.transforms.v2")
RECIPE = Recipe(image=ImageRecipe(size=32), text=TextRecipe(tokenizer="clip", length=16), mix=MixGen(ratio=0.25))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("pictures")
    for row in range(12):
        path = root / f"kind {row % 2}" / f"{row:02}.png"
        path.parent.mkdir(exist_ok=True)
        PIL.Image.open(io.BytesIO(DATA.gather(np.array([row])).image(0))).resize((60, 40)).save(path)
    return root


@pytest.fixture(scope="module")
def page(root):
    return run_page("torchvision", root=root, data=DATA, recipe=RECIPE, batch_size=8)


def test_a_dataset_with_our_decoder_is_torchvisions(root, page):
    """The same draws from torch's generator, on the same pixels."""
    theirs = ImageFolder(root, transform=page["training"])
    for number in range(len(theirs)):
        given = []
        for pictures in (theirs, page["pictures"]):
            torch.manual_seed(number)
            given.append(pictures[number])
        assert torch.equal(given[0][0], given[1][0]) and given[0][1] == given[1][1]


def test_what_is_loaded_is_the_loaders(root, page):
    """Without torchvision's own draws; in a stock DataLoader's worker."""
    drawn = page["drawn"]
    plain = type(drawn)(root, transform=v2.Compose([v2.ToImage(), page["floats"], page["normalize"]]))
    plain.epoch = 2
    loader = Loader(Folder(root), Recipe(image=page["image"], text=None), batch_size=4)
    loader.set_epoch(2)
    rows = {
        number: image for batch in loader for number, image in zip(batch.samples.tolist(), batch.images, strict=True)
    }
    images, labels = next(iter(DataLoader(plain, batch_size=12, num_workers=1)))
    assert labels.tolist() == [0] * 6 + [1] * 6
    for number, image in enumerate(images):
        torch.testing.assert_close(image, rows[number], atol=2e-6, rtol=0)


def test_a_style_is_a_transform(root):
    from impasto.style import StyleTransform

    styled = v2.Compose([v2.ToImage(), StyleTransform(StyleRandomizer.load(), p=1.0), v2.Resize(24)])
    image, _ = ImageFolder(root, transform=styled)[3]
    assert image.shape == (3, 24, 36) and image.dtype == torch.uint8


def test_a_pipeline_in_the_loader(page):
    """Torch's generator, seeded for each image, is what draws; then images are mixed."""
    options = {"batch_size": 8, "workers": 0, "transform": Seeded(page["color"])}
    one, alone = (list(loader) for loader in (page["loader"], Loader(DATA, RECIPE, **options)))
    plain = list(Loader(DATA, RECIPE, batch_size=8))
    for batch, again, untouched in zip(one, alone, plain, strict=True):
        assert torch.equal(batch.images, again.images) and not torch.equal(batch.images, untouched.images)
        assert batch.captions == untouched.captions and batch.plan.lams.tolist() == untouched.plan.lams.tolist()
    inverted = Loader(
        DATA, Recipe(image=RECIPE.image, text=None), batch_size=8, workers=0, transform=Seeded(v2.RandomInvert(1.0))
    )
    for batch, untouched in zip(
        inverted, Loader(DATA, Recipe(image=RECIPE.image, text=None), batch_size=8), strict=True
    ):
        mean, std = (torch.tensor(part).view(3, 1, 1) for part in batch.mean_stds[0])
        torch.testing.assert_close(batch.images * std + mean, 1 - (untouched.images * std + mean), atol=1e-5, rtol=0)
