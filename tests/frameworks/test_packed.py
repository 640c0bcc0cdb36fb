"""Packed shards, read as they are by webdataset, its indexed reader, and open_clip's own pipeline."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from expected_batches import DATA

from impasto.jobs import PackSettings, pack
from impasto.ops import decode

webdataset = pytest.importorskip("webdataset")
pytestmark = pytest.mark.filterwarnings("ignore")

WAYS = {
    "kept": {},
    "shrunk": {"short_side": 8},
    "restarts": {"restart_rows": 1},
    "pixels": {"pixels_up_to": 4096},
}


@pytest.fixture(params=WAYS)
def packed(request, tmp_path):
    return pack(DATA[:20], tmp_path / "packed", PackSettings(shard_size=7, **WAYS[request.param]))


def test_webdataset_reads_them(packed):
    pipeline = webdataset.WebDataset(packed.shards, shardshuffle=False).decode("rgb8")
    samples = list(pipeline.to_tuple("jpg;png", "txt", "json"))
    assert len(samples) == 20
    for row, (pixels, caption, record) in enumerate(samples):
        assert (caption, record["captions"]) == (DATA[row].captions[0], list(DATA[row].captions))
        expected = decode(DATA[row].image)
        if packed.done["shrunk"]:
            assert pixels.shape == (8, 8, 3)
        else:
            assert (pixels == expected).all()


def test_wids_reads_the_index(packed):
    wids = pytest.importorskip("wids")
    data = wids.ShardListDataset(packed.index)
    assert len(data) == 20 and data[13][".txt"] == DATA[13].captions[0]


def test_open_clip_trains_on_them(packed):
    open_clip = pytest.importorskip("open_clip")
    from open_clip_train.data import get_wds_dataset

    class Arguments:
        train_data, train_data_upsampling_factors, train_num_samples = packed.shards, None, 20
        dataset_resampled, workers, batch_size, world_size, seed = False, 1, 5, 1, 0

    preprocess = open_clip.image_transform(32, is_train=False)
    tokenizer = open_clip.tokenizer.SimpleTokenizer()
    loader = get_wds_dataset(Arguments, preprocess, is_train=True, tokenizer=tokenizer).dataloader
    texts = torch.cat([texts for _, texts in loader])
    wanted = {tuple(tokenizer(DATA[row].captions[0])[0].tolist()) for row in range(20)}
    assert len(texts) == 20 and {tuple(row) for row in texts.tolist()} <= wanted


def test_the_index_says_what_there_is(packed):
    shards = json.loads(Path(packed.index).read_text())["shardlist"]
    assert np.sum([shard["nsamples"] for shard in shards]) == packed.samples
