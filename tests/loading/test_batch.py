"""Batches against a loader written with Pillow, torchvision, open_clip and the paper's pseudo-code."""

import io
import pickle

import numpy as np
import PIL.Image
import pytest
import torch
from torchvision.transforms import v2

from impasto import (
    BatchDataset,
    BatchId,
    BatchSampler,
    ClipTokenizer,
    ImageRecipe,
    Loader,
    MixGen,
    Recipe,
    RecipeError,
    TextRecipe,
)
from impasto.sources import Sequence

CLIP = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


@pytest.fixture(scope="module")
def data(pairs):
    return Sequence([(str(path), captions) for path, captions in pairs])


def reference(pairs, rows, recipe, plan):
    """Rows of a batch, step by step, from the drawn plan alone."""
    from open_clip.tokenizer import SimpleTokenizer

    size = recipe.image.size
    images, texts = [], []
    for row, sample in enumerate(rows):
        path, captions = pairs[sample]
        left, top, width, height = plan.boxes[row]
        picture = PIL.Image.open(io.BytesIO(path.read_bytes())).convert("RGB")
        picture = picture.crop((left, top, left + width, top + height)).resize((size, size), PIL.Image.BICUBIC)
        tensor = v2.functional.to_dtype(v2.functional.pil_to_tensor(picture), torch.float32, scale=True)
        images.append(v2.functional.normalize(tensor.flip(-1) if plan.flips[row] else tensor, *CLIP))
        texts.append(captions[plan.choices[row]])
    images = torch.stack(images)
    count, lam = int(recipe.mix.ratio * len(rows)), recipe.mix.lam
    for i in range(count):
        images[i] = lam * images[i] + (1 - lam) * images[i + count]
        texts[i] = texts[i] + " " + texts[i + count]
    ids = SimpleTokenizer()(texts, context_length=recipe.text.length)
    return images, texts, ids


def test_a_batch_is_what_the_papers_do(data, pairs):
    recipe = Recipe(
        image=ImageRecipe(size=64, scale=(0.3, 1.0), exact=True),
        text=TextRecipe(length=40, tokenizer=ClipTokenizer(specials="parse")),
        mix=MixGen(ratio=0.25, lam=0.3),
    )
    loader = Loader(data, recipe, batch_size=20, seed=5)
    sampler = BatchSampler(len(data), 20, seed=5)
    for batch, key in zip(loader, sampler, strict=True):
        images, texts, ids = reference(pairs, key, recipe, batch.plan)
        assert batch.captions == texts
        assert torch.equal(batch.input_ids, ids)
        lengths = ids.argmax(1) + 1  # the end of text has the largest id
        assert torch.equal(batch.attention_mask.sum(1), lengths)
        # Pillow's resize may differ by one level of 255; a mixture of two differs by no more.
        assert (batch.images - images).abs().max() <= 1.01 / 255 / min(CLIP[1])
        assert (batch.images - images).abs().mean() < 0.1 / 255 / min(CLIP[1])
        assert [int(name) for name in batch.keys] == list(key)
        assert batch.plan.mixed.tolist() == [True] * 5 + [False] * 15
        assert batch.labels is None and batch.lost.tolist() == [0] * 20


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "uint8"])
@pytest.mark.parametrize("layout", ["chw", "hwc"])
def test_every_dtype_and_layout_holds_the_same_images(data, dtype, layout):
    def images(**options):
        recipe = Recipe(image=ImageRecipe(size=33, normalize="imagenet", **options), mix=MixGen(ratio=0.5), text=None)
        return next(iter(Loader(data, recipe, batch_size=6, seed=1))).images

    wanted, found = images(), images(dtype=dtype, layout=layout)
    assert found.dtype == getattr(torch, dtype) and found.is_contiguous()
    if layout == "hwc":
        found = found.permute(0, 3, 1, 2)
    if dtype == "uint8":
        mean, std = (torch.tensor(x).view(3, 1, 1) for x in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        levels = (wanted * std + mean) * 255
        assert (found - levels).abs().max() <= 0.5 + 1e-3
    else:
        assert torch.equal(found, wanted.to(found.dtype))


def test_parts_may_be_left_out(data):
    image = ImageRecipe(size=16)
    batch = next(iter(Loader(data, Recipe(image=image, text=None), batch_size=4)))
    assert batch.captions is None and batch.input_ids is None and batch.attention_mask is None and batch.lost is None
    batch = next(iter(Loader(data, Recipe(image=image, text=TextRecipe(tokenizer=None)), batch_size=4)))
    assert len(batch.captions) == 4 and batch.input_ids is None


def test_captions_are_all_drawn_and_vary_by_epoch(data, pairs):
    loader = Loader(data, Recipe(image=ImageRecipe(size=8)), batch_size=60, seed=2)
    choices = np.stack(
        [batch.plan.choices[np.argsort([int(key) for key in batch.keys])] for _ in range(12) for batch in loader]
    )
    counts = np.array([len(captions) for _, captions in pairs])
    assert (choices < counts).all()
    assert all(len(set(choices[:, row])) == counts[row] for row in range(60) if counts[row] == 2)


def test_batches_move_and_pickle(data, recipe, digest):
    batch = next(iter(Loader(data, recipe, batch_size=4)))
    assert digest(pickle.loads(pickle.dumps(batch))) == digest(batch)
    moved = batch.to("meta")
    assert moved.images.device.type == moved.input_ids.device.type == "meta" and moved.captions == batch.captions
    assert "images=[4, 3, 48, 48]" in repr(batch) and "mixed=1" in repr(batch)
    assert len(batch) == 4


def test_changed_images_are_of_all_samples(data, recipe):
    batch = next(iter(Loader(data, recipe, batch_size=4)))
    assert batch.changed(images=batch.images + 1).keys == batch.keys
    with pytest.raises(RecipeError, match="images have 2 rows, and the batch has 4 samples"):
        batch.changed(images=batch.images[:2])


def test_a_dtype_is_the_images_alone(data, recipe):
    batch = next(iter(Loader(data, recipe, batch_size=4)))
    for narrow in (batch.to(torch.bfloat16), batch.to("cpu", torch.bfloat16), batch.to(dtype=torch.bfloat16)):
        assert torch.equal(narrow.images, batch.images.bfloat16())
        assert narrow.input_ids.dtype == narrow.attention_mask.dtype == torch.int64
        assert torch.equal(narrow.input_ids, batch.input_ids) and narrow.lost.dtype == batch.lost.dtype
    pixels = next(iter(Loader(data, Recipe(image=ImageRecipe(size=8, dtype="uint8")), batch_size=4)))
    assert torch.equal(pixels.to(torch.float16).images, pixels.images)
    with pytest.raises(RecipeError, match=r"no torch\.int8"):
        batch.to(torch.int8)


@pytest.mark.gpu
def test_batches_reach_the_gpu(data, recipe, digest):
    batch = next(iter(Loader(data, recipe, batch_size=4, pin_memory=True)))
    assert batch.images.is_pinned()
    there = batch.to("cuda", non_blocking=True)
    torch.cuda.synchronize()
    assert digest(there.to("cpu")) == digest(batch)


def test_labels_come_along(photographs, encode, tmp_path):
    from impasto.sources import ImageFolder

    for name, photograph in list(photographs.items())[:3]:
        (tmp_path / name).mkdir()
        for number in range(2):
            (tmp_path / name / f"{number}.jpg").write_bytes(encode(photograph[:64, :64]))
    data = ImageFolder(tmp_path)
    batch = next(iter(Loader(data, Recipe(image=ImageRecipe(size=8), text=None), batch_size=6, shuffle=False)))
    assert batch.labels.tolist() == [0, 0, 1, 1, 2, 2]


def test_a_batch_names_itself_and_its_samples(data, recipe, digest):
    dataset = BatchDataset(data, recipe, seed=3)
    keys = list(BatchSampler(dataset, 8, seed=3))
    for batch, key in zip(Loader(data, recipe, batch_size=8, seed=3), keys, strict=True):
        assert batch.id == key.id and batch.samples.tolist() == list(key) == [int(name) for name in batch.keys]
        assert batch.samples.dtype == torch.int64
        assert digest(dataset[key]) == digest(batch)
    assert [key.id for key in keys] == [BatchId(0, step, step) for step in range(7)]
