"""Batches of alike samples: each sample once, in a random order of batches, the same on any number of ranks."""

from __future__ import annotations

import io
import json
import pickle
import tarfile
from itertools import chain

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import BatchDataset, BatchSampler, CheckpointError, ImageRecipe, Loader, Recipe, RecipeError, TextRecipe
from impasto.loading import Mixture
from impasto.sources import CocoCaptions, ImageFolder, Sequence, WebDataset, concat, with_rewrites

WORDS = Recipe(image=ImageRecipe(size=8), text=TextRecipe(tokenizer=None))
SHAPES = ((8, 8), (4, 16), (16, 4))
SHAPED = Recipe(image=ImageRecipe(shapes=SHAPES), text=None)


def words(captions):
    return [list(range(len(caption.split()))) for caption in captions]


def numbers(length):
    return np.random.default_rng(length).permutation(length).astype(np.float64)


def batches(sampler, epoch=0):
    sampler.set_epoch(epoch)
    return [list(key) for key in sampler]


@given(
    st.integers(1, 5), st.integers(2, 7), st.integers(0, 200), st.integers(1, 12), st.booleans(), st.integers(0, 2**63)
)
def test_every_sample_comes_once_on_any_number_of_ranks(ranks, batch, more, window, drop_last, seed):
    length = ranks * batch + more
    options = {"group_by": numbers(length), "group_window": window, "seed": seed, "drop_last": drop_last}
    samplers = [BatchSampler(length, batch, rank=rank, world_size=ranks, **options) for rank in range(ranks)]
    shared = [batches(sampler) for sampler in samplers]
    assert len({len(one) for one in shared}) == 1
    seen = [sample for one in shared for keys in one for sample in keys]
    whole = length // (batch * ranks)
    assert len(set(seen)) == len(seen) == (whole * batch * ranks if drop_last else length)
    alone = batches(BatchSampler(length, batch * ranks, **options))
    together = [sorted(chain(*keys)) for keys in zip(*shared, strict=True)]
    assert together[: whole - 1] == [sorted(keys) for keys in alone[: whole - 1]]
    # From anywhere, by arithmetic alone.
    middle = len(samplers[0]) // 2
    assert list(pickle.loads(pickle.dumps(samplers[-1])).key(0, middle)) == shared[-1][middle]


def test_batches_are_alike_and_come_in_a_random_order():
    length, batch = 6400, 16
    by = numbers(length)

    def order(epoch=0, **options):
        return np.asarray(batches(BatchSampler(length, batch, seed=3, **options), epoch))

    plain, grouped, later = order(), order(group_by=by, group_window=40), order(1, group_by=by, group_window=40)
    spread = [np.ptp(by[keys], axis=1).mean() / length for keys in (plain, grouped)]
    assert spread[0] > 0.8 and spread[1] < 0.05
    # No sample is farther from its place than a window is wide.
    windows = [np.sort(one.reshape(-1, 640), axis=1) for one in (plain, grouped)]
    assert (windows[0] == windows[1]).all()
    # Of what a batch is doesn't tell when it comes, nor does a sample's number where in its batch.
    means = by[grouped].mean(axis=1)
    assert abs(np.corrcoef(means, np.arange(400))[0, 1]) < 0.15 and abs(np.corrcoef(means[1:], means[:-1])[0, 1]) < 0.15
    assert 0.45 < (np.diff(by[grouped], axis=1) > 0).mean() < 0.55
    # A few hundred pairs of 48,000 meet again in the next epoch.
    met = [{(a, b) for keys in np.sort(one, axis=1).tolist() for a in keys for b in keys if a < b} for one in
           (grouped, later)]  # fmt: skip
    assert len(met[0] & met[1]) < 0.15 * len(met[0])
    # Nor do all alike samples meet in each epoch where a window is as wide as one.
    wide = [
        {tuple(pair) for pair in np.sort(order(epoch, group_by=by, group_window=999), axis=1)[:, :2].tolist()}
        for epoch in (0, 1)
    ]
    assert len(wide[0] & wide[1]) < 0.3 * len(wide[0])


@pytest.fixture
def captioned(tmp_path, encode):
    """Rows of a picture and captions of very different lengths, some of which can't be used."""
    picture = encode(np.zeros((9, 9, 3), np.uint8))
    (tmp_path / "a.jpg").write_bytes(picture)
    rng = np.random.default_rng(0)
    images = [{"id": number, "file_name": "a.jpg"} for number in range(60)]
    texts = [(number % 60, "\u00e4" * int(rng.integers(1, 90))) for number in range(180)]
    notes = [{"id": place, "image_id": row, "caption": text} for place, (row, text) in enumerate(texts)]
    notes.append({"id": 999, "image_id": 3, "caption": " "})
    (tmp_path / "captions.json").write_text(json.dumps({"images": images, "annotations": notes}))
    return CocoCaptions(tmp_path / "captions.json", images=tmp_path)


def test_lengths_are_those_of_the_captions_that_are_drawn(captioned, tmp_path):
    (tmp_path / "more").write_text(
        "".join(json.dumps({"key": key, "captions": "b" * 300}) + "\n" for key in captioned.keys[:20])
    )
    rewritten = with_rewrites(captioned, tmp_path / "more", weight=0.5)
    mixture = Mixture({captioned: 1.0, concat(captioned[5:], rewritten): 2.0})
    first = Recipe(image=WORDS.image, text=TextRecipe(tokenizer=None, captions="first"))
    for data, recipe in ((captioned, WORDS), (rewritten, WORDS), (mixture, WORDS), (captioned, first)):
        loader = Loader(data, recipe, batch_size=6, group_by="length", group_window=2, seed=4, workers=2)
        for epoch in range(2):
            spreads = []
            for batch in loader:
                lengths = [len(caption.encode()) for caption in batch.captions]
                key = loader.batch_sampler.key(epoch, len(spreads))
                assert loader.dataset.measure("length", np.asarray(key), epoch).tolist() == lengths
                spreads.append(np.ptp(lengths))
            assert len(spreads) == len(loader)
    tokens = Recipe(image=WORDS.image, text=TextRecipe(length=400))
    called = Recipe(image=WORDS.image, text=TextRecipe(tokenizer=words, length=None))
    for epoch, batch in enumerate(Loader(captioned, tokens, batch_size=60, workers=0)):
        ends = BatchDataset(captioned, tokens).measure("length", batch.samples.numpy(), epoch)
        assert (batch.attention_mask.sum(dim=1) - 2).tolist() == ends.tolist()
        counted = BatchDataset(captioned, called).measure("length", batch.samples.numpy(), epoch)
        assert counted.tolist() == [len(caption.encode()) for caption in batch.captions]


def test_images_have_the_shape_that_is_nearest(tmp_path, encode):
    """Long, wide and square pictures in a shard and as files, some turned by a camera; none is stretched by far."""
    sides = [(30, 30), (60, 15), (15, 60)] * 40
    with tarfile.open(tmp_path / "0.tar", "w") as shard:
        for row, (width, height) in enumerate(sides):
            data = encode(np.full((height, width, 3), row, np.uint8), "WEBP" if row % 2 else "JPEG")
            member = tarfile.TarInfo(f"{row:03}.{'webp' if row % 2 else 'jpg'}")
            member.size = len(data)
            shard.addfile(member, io.BytesIO(data))
    data = concat(WebDataset(tmp_path / "0.tar"))
    options = {"group_by": "aspect", "seed": 1, "drop_last": False}
    expected = {(30, 30): (8, 8), (60, 15): (4, 16), (15, 60): (16, 4)}
    seen, kinds = [], []
    for workers in ({"workers": 0}, {"workers": 2, "processes": True}):
        for batch in Loader(data, SHAPED, batch_size=4, group_window=9, **options, **workers):
            kinds.append([sides[sample] for sample in batch.samples.tolist()])
            seen.append(tuple(batch.images.shape[2:]))
            if len(set(kinds[-1])) == 1:
                assert seen[-1] == expected[kinds[-1][0]]
    assert set(seen) == set(SHAPES) and seen[:30] == seen[30:]
    assert sum(len(set(one)) == 1 for one in kinds) >= 30
    ranks = [Loader(data, SHAPED, batch_size=2, rank=rank, world_size=2, **options) for rank in (0, 1)]
    pairs = [(one.images.shape, other.images.shape) for one, other in zip(*ranks, strict=True)]
    assert all(one == other for one, other in pairs)
    turned = Recipe(image=ImageRecipe(shapes=SHAPES, exif="apply"), text=None)
    exif = encode(np.zeros((60, 15, 3), np.uint8), exif=_turned())
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "a.jpg").write_bytes(exif + b"\0" * 9)
    one = [
        BatchDataset(ImageFolder(tmp_path), recipe).measure("aspect", np.zeros(1, np.int64), 0)
        for recipe in (SHAPED, turned)
    ]
    assert one[0] == pytest.approx(np.log(1 / 4)) and one[1] == pytest.approx(np.log(4))


def _turned():
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    return exif


def test_a_run_goes_on_with_the_same_groups(captioned):
    options = {"batch_size": 4, "group_by": "length", "group_window": 3, "seed": 2, "workers": 0}
    loader = Loader(captioned, WORDS, **options)
    keys = [batch.keys[:] for batch in loader]
    loader.set_epoch(0)
    taken = iter(loader)
    next(taken), next(taken)
    state = loader.state_dict()
    assert state["group_by"] == "length, 3 batches of 4 over all ranks"
    for ranks in (1, 2):
        shared = {**options, "batch_size": 4 // ranks, "world_size": ranks}
        resumed = [Loader(captioned, WORDS, rank=rank, **shared) for rank in range(ranks)]
        for one in resumed:
            one.load_state_dict(state)
        rest = [[key for batch in together for key in batch.keys] for together in zip(*resumed, strict=True)]
        assert rest == keys[2:]
    for other in ({"group_window": 4}, {"group_by": None, "group_window": None}, {"group_by": np.arange(60)}):
        with pytest.raises(CheckpointError, match="group_by"):
            Loader(captioned, WORDS, **options | other).load_state_dict(state)
    halves = Loader(captioned, WORDS, **options | {"batch_size": 2})
    with pytest.raises(CheckpointError, match="batches of 2 over all ranks"):
        halves.load_state_dict(state)


def test_what_can_not_be_known_is_told_at_once(captioned, tmp_path, encode):
    picture = encode(np.zeros((9, 9, 3), np.uint8))
    pairs = Sequence([(picture, "a")] * 8)
    with tarfile.open(tmp_path / "0.tar", "w") as shard:
        for name, data in (("0.jpg", picture), ("0.json", b'{"caption": "a"}')):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            shard.addfile(member, io.BytesIO(data))
    fields = WebDataset(tmp_path / "0.tar", caption="json")
    assert BatchDataset(fields, WORDS).measure("length", np.zeros(1, np.int64), 0) == [1]
    far = WebDataset(f"pipe:cat {tmp_path}/0.tar", caption="json", cache=tmp_path / "copies")
    array = "give group_by= a number for each row"
    for data, recipe, options, says in (
        (pairs, WORDS, {"group_by": "length"}, array),
        (pairs, SHAPED, {"group_by": "aspect"}, array),
        (far, WORDS, {"group_by": "length"}, f"lie far away; {array}"),
        (far, SHAPED, {"group_by": "aspect"}, f"lie far away; {array}"),
        (captioned, Recipe(image=WORDS.image, text=None), {"group_by": "length"}, "one caption a sample"),
        (captioned, WORDS, {"group_by": "aspect"}, "need each other"),
        (captioned, SHAPED, {}, "need each other"),
        (captioned, WORDS, {"group_by": "width"}, "group_by='width'"),
        (captioned, WORDS, {"group_by": [1.0, 2.0]}, "one for each of the 60 rows"),
        (captioned, WORDS, {"group_by": [np.nan] * 60}, "finite numbers"),
        (captioned, WORDS, {"group_by": "length", "shuffle": False}, "use shuffle=True"),
        (captioned, WORDS, {"group_by": "length", "group_window": 0}, "group_window"),
        (captioned, WORDS, {"group_window": 5}, "is of group_by= alone"),
    ):
        with pytest.raises(RecipeError, match=says):
            Loader(data, recipe, batch_size=1, **options)
    with pytest.raises(RecipeError, match="is known of a BatchDataset"):
        BatchSampler(60, 4, group_by="length")
    with pytest.raises(RecipeError, match="crop='center' leaves a rim"):
        ImageRecipe(shapes=SHAPES, crop="center")
    views = (ImageRecipe(shapes=SHAPES), ImageRecipe(shapes=SHAPES[:2]))
    with pytest.raises(RecipeError, match="as many shapes"):
        Recipe(image=views)
    assert SHAPED.evaluation().shapes == () and Recipe.from_dict(SHAPED.as_dict()) == SHAPED
