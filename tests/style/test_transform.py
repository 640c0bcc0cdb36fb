"""The torchvision transform: every kind of picture comes back as what it was."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings

import numpy as np
import PIL.Image
import pytest
import torch
from torch.utils.data import DataLoader, Dataset
from torchvision import tv_tensors
from torchvision.transforms import v2

from impasto import BatchId, CheckpointError, RecipeError, StyleRandomizer
from impasto.style.randomize.transform import StyleTransform


@pytest.fixture
def path(model, tmp_path):
    model.save(tmp_path / "style.safetensors")
    return tmp_path / "style.safetensors"


def pixels(*shape):
    return torch.randint(0, 256, shape, dtype=torch.uint8)


def test_kinds_are_kept(model):
    transform = StyleTransform(model)
    picture = PIL.Image.fromarray(pixels(30, 40, 3).numpy())
    for value in (
        torch.rand(3, 30, 40),
        torch.rand(2, 3, 30, 40),
        pixels(3, 30, 40),
        tv_tensors.Image(pixels(3, 30, 40)),
        tv_tensors.Image(torch.rand(2, 3, 30, 40)),
        tv_tensors.Video(pixels(4, 3, 30, 40)),
        tv_tensors.Video(torch.rand(2, 4, 3, 30, 40)),
    ):
        out = transform(value)
        assert type(out) is type(value) and out.shape == value.shape and out.dtype == value.dtype
        assert not torch.equal(out, value)
    out = transform(picture)
    assert isinstance(out, PIL.Image.Image) and out.size == picture.size and out.mode == "RGB"
    assert not np.array_equal(np.asarray(out), np.asarray(picture))


def test_everything_else_passes(model):
    sample = {
        "image": tv_tensors.Image(pixels(3, 30, 40)),
        "boxes": tv_tensors.BoundingBoxes(torch.tensor([[1, 2, 3, 4]]), format="XYXY", canvas_size=(30, 40)),
        "mask": tv_tensors.Mask(pixels(30, 40)),
        "label": torch.tensor(3),
        "caption": "a mug",
        "number": 7,
        "none": None,
    }
    out = StyleTransform(model)(sample)
    assert not torch.equal(out["image"], sample["image"])
    assert all(out[name] is sample[name] for name in sample if name != "image")
    image, label = StyleTransform(model)(torch.rand(3, 20, 20), torch.tensor(5))
    assert image.shape == (3, 20, 20) and label == 5


def test_images_of_a_sample_get_the_same_style(model):
    image = tv_tensors.Image(torch.rand(3, 24, 24))
    first, second = StyleTransform(model, alpha=(0, 1))(image, image.clone())
    assert torch.equal(first, second)
    frames = tv_tensors.Video(image.as_subclass(torch.Tensor).expand(3, -1, -1, -1))
    out = StyleTransform(model, alpha=(0, 1))(frames)
    assert torch.allclose(out[0], out[1], atol=1e-6) and torch.allclose(out[0], out[2], atol=1e-6)


def test_torchs_generator_decides(model):
    transform, image = StyleTransform(model).eval(), torch.rand(3, 20, 20)
    outs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        outs.append(transform(image))
    assert torch.equal(outs[0], outs[1]) and not torch.equal(outs[0], outs[2])


def test_it_is_the_randomizer(model):
    transform, image = StyleTransform(model, alpha=0.7, base="mean"), torch.rand(3, 20, 20)
    torch.manual_seed(0)
    out = transform(image)
    torch.manual_seed(0)
    torch.rand(())  # whether it applies
    generator = torch.Generator().manual_seed(int(torch.randint(2**62, ())))
    assert torch.equal(out, StyleRandomizer(model, alpha=0.7, base="mean")(image, generator=generator))


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_how_often(model, p):
    torch.manual_seed(0)
    transform, image = StyleTransform(model, p=p, base="mean"), torch.rand(3, 8, 8)
    changed = sum(not torch.equal(transform(image), image) for _ in range(200)) / 200
    assert changed == pytest.approx(p, abs=0.1)


def test_in_a_pipeline(path):
    pipeline = v2.Compose(
        [
            v2.ToImage(),
            v2.RandomResizedCrop(24),
            StyleTransform(path, p=0.5),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.5] * 3, [0.5] * 3),
        ]
    )
    image, label = pipeline(PIL.Image.fromarray(pixels(30, 40, 3).numpy()), 4)
    assert image.shape == (3, 24, 24) and image.dtype == torch.float32 and label == 4
    assert not list(pipeline.parameters())
    assert "StyleTransform(p=0.5)" in repr(pipeline)


class Pictures(Dataset):
    """One grey picture, many times."""

    def __init__(self, transform):
        self.transform = transform

    def __len__(self):
        return 4

    def __getitem__(self, row):
        return self.transform(torch.full((3, 20, 20), 0.5))


@pytest.mark.parametrize("kind", ["path", "model", "randomizer"])
def test_pickles(model, path, kind):
    source = {"path": path, "model": model, "randomizer": StyleRandomizer(model, backend="torchscript")}[kind]
    transform, image = StyleTransform(source), torch.rand(3, 20, 20)
    transform(image)  # a backend's module, which can't be pickled, is there now
    content = pickle.dumps(transform)
    assert kind != "path" or len(content) < 3000  # a path, no weights
    again = pickle.loads(content)
    torch.manual_seed(0)
    wanted = transform(image)
    torch.manual_seed(0)
    assert torch.allclose(again(image), wanted, atol=1e-6)


class Told(Pictures):
    """Beside each picture, what was warned of."""

    def __getitem__(self, row):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            return super().__getitem__(row), [str(warning.message) for warning in told]


def in_workers(transform):
    loader = DataLoader(Told(transform), batch_size=None, num_workers=2, multiprocessing_context="fork")
    images, told = zip(*loader, strict=True)
    return torch.stack(images), [message for messages in told for message in messages]


@pytest.mark.skipif(sys.platform != "linux", reason="what is said is asked of workers that are forked")
def test_a_randomizer_in_workers_says_that_styles_repeat(model):
    stylize, style = StyleRandomizer(model, seed=2), torch.rand(3, 20, 20)
    images, told = in_workers(stylize)
    assert torch.equal(images[0], images[1]) and not torch.equal(images[0], images[2])
    assert len(told) == 2  # once in each
    assert all("what it draws repeats" in message and "impasto.style.StyleTransform" in message for message in told)
    keyed = [
        StyleTransform(stylize),
        lambda image: stylize(image, generator=torch.Generator().manual_seed(1)),
        lambda image: stylize(image, id=BatchId()),
        lambda image: stylize(image, styles=style, alpha=1.0),  # nothing is drawn
        StyleRandomizer(model).eval(),
    ]
    for transform in keyed:
        assert in_workers(transform)[1] == []
    assert len(in_workers(keyed[0])[0].flatten(1).unique(dim=0)) == 4


@pytest.mark.slow
def test_a_worker_that_is_spawned(path):
    def run():
        data, draw = Pictures(StyleTransform(path)), torch.Generator().manual_seed(0)
        loader = DataLoader(data, batch_size=2, num_workers=1, multiprocessing_context="spawn", generator=draw)
        return torch.cat(list(loader))

    images = run()
    assert torch.equal(images, run())
    assert len(images.flatten(1).unique(dim=0)) == 4


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (PIL.Image.new("L", (20, 20)), r"must be RGB, not L.*convert\('RGB'\)"),
        (PIL.Image.new("RGBA", (20, 20)), "not RGBA"),
        (torch.rand(1, 20, 20), "3 channels"),
        (torch.rand(3, 4, 4), "too small"),
        (torch.rand(3, 20, 20) * 255, "divide by 255"),
        (tv_tensors.Image(torch.rand(4, 20, 20)), "3 channels"),
    ],
)
def test_bad_pictures(model, value, message):
    with pytest.raises(RecipeError, match=message):
        StyleTransform(model)(value)


def test_bad_arguments(model, tmp_path):
    for p in (-0.1, 1.1, "often"):
        with pytest.raises(RecipeError, match="p="):
            StyleTransform(model, p=p)
    with pytest.raises(RecipeError, match="alpha=2"):
        StyleTransform(model, alpha=2)
    with pytest.raises(RecipeError, match="has its alpha already"):
        StyleTransform(StyleRandomizer(model), alpha=0.5)
    with pytest.raises(CheckpointError, match="doesn't exist"):
        StyleTransform(tmp_path / "none")


def test_without_torchvision_the_extra_is_named():
    code = """
import sys
sys.modules["torchvision"] = None
import impasto
impasto.StyleRandomizer
try:
    from impasto.style.randomize.transform import StyleTransform
except impasto.MissingExtraError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "pip install 'impasto[style]'" in done.stdout, done.stderr
