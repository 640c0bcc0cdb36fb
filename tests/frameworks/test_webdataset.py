"""webdataset's pipeline with impasto.ops, as its page says, on shards that our worlds write."""

import io
from functools import partial

import numpy as np
import PIL.Image
import pytest
import torch
from pages import run_page

from impasto import ClipTokenizer, Loader, Recipe, TextRecipe
from impasto.sources import WebDataset
from impasto_lab.worlds import Sample, write_world

webdataset = pytest.importorskip("webdataset")
open_clip = pytest.importorskip("open_clip")
pytestmark = pytest.mark.filterwarnings("ignore")
SEED, EPOCH, BATCH, MIXED = 5, 3, 8, 2


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Keys of 12 digits from 1 on, in shards of six."""

    def samples():
        for number in range(1, 33):
            file = io.BytesIO()
            pixels = np.random.default_rng(number).integers(0, 255, (18, 24, 3), np.uint8)
            PIL.Image.fromarray(pixels).resize((240, 180)).save(file, "JPEG")
            captions = (f"thing {number}",)
            yield Sample(image=file.getvalue(), width=240, height=180, captions=captions, split="train")

    folder = tmp_path_factory.mktemp("world") / "things"
    return write_world(folder, samples(), name="things", total=32, shard_samples=6)


@pytest.fixture(scope="module")
def page(world):
    return run_page("webdataset", shards=world.shards("train"), seed=SEED, epoch=EPOCH, batch_size=BATCH)


@pytest.fixture(scope="module")
def batches(page):
    return list(page["loader"])


def _by_row(load, *given, sample, **keys):
    return load(*given, sample=sample - 1, **keys)


def test_pixels_are_the_loaders(world, page, monkeypatch):
    """By the row's number, which is the key's, counted from 0."""
    data = WebDataset(world.shards("train"))
    recipe = Recipe(image=page["image"], text=TextRecipe(tokenizer=ClipTokenizer(), length=77))
    load = page["impasto"].ops.load
    monkeypatch.setattr(page["impasto"].ops, "load", partial(_by_row, load))
    decoded = {}
    for sample in webdataset.WebDataset(world.shards("train"), shardshuffle=False).map(page["decode"]):
        decoded[sample["__key__"]] = sample
    loader = Loader(data, recipe, batch_size=8, seed=SEED, workers=1)
    loader.set_epoch(EPOCH)
    for batch in loader:
        for key, pixels, caption in zip(batch.keys, batch.images, batch.captions, strict=True):
            assert torch.equal(decoded[key]["images"], pixels) and decoded[key]["captions"] == caption
    assert len(decoded) == 32


def test_the_pipeline_mixes_and_tokenizes(page, batches):
    """Against what the samples say, PyTorch's arithmetic and open_clip's tokenizer."""
    assert len(batches) == 4 - 1  # two workers of three shards each, whole batches
    keys = [key for batch in batches for key in batch["__key__"]]
    assert len(set(keys)) == len(keys) == 3 * BATCH
    plain = webdataset.WebDataset(page["shards"], shardshuffle=False).map(page["decode"])
    alone = {sample["__key__"]: sample["images"] for sample in plain}
    for batch in batches:
        own = [f"thing {int(key)}" for key in batch["__key__"]]
        joined = [f"{own[row]} {own[row + MIXED]}" for row in range(MIXED)] + own[MIXED:]
        assert batch["captions"] == joined
        assert torch.equal(batch["input_ids"], open_clip.tokenize(joined))
        images = torch.stack([alone[key] for key in batch["__key__"]])
        images[:MIXED] = (images[:MIXED] + images[MIXED : 2 * MIXED]) / 2
        torch.testing.assert_close(batch["images"], images)


def test_workers_change_no_sample(page, batches):
    """Batches are others with another number of workers; what becomes of a sample is the same."""
    fewer = list(webdataset.WebLoader(page["pipeline"], batch_size=None, num_workers=0))

    def unmixed(batches):
        return {
            key: image
            for batch in batches
            for key, image in list(zip(batch["__key__"], batch["images"], strict=True))[MIXED:]
        }

    one, other = unmixed(fewer), unmixed(batches)
    shared = one.keys() & other.keys()
    assert len(shared) > BATCH and all(torch.equal(one[key], other[key]) for key in shared)


def test_a_broken_sample_goes_to_the_handler(page):
    broken = [{"__key__": "7", "jpg": b"no image", "txt": b"text"}]
    caught = []
    decode = webdataset.map(page["decode"], handler=lambda error: caught.append(error) or True)
    assert list(decode(broken)) == [] and type(caught[0]).__name__ == "DecodeError"
