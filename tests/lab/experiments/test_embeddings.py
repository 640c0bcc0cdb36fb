"""Representations are measured on what a model embeds, beside each other and with what is known of the images."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from impasto import CheckpointError, RecipeError, SourceError
from impasto.recipe import BertTokenizer, ClipTokenizer
from impasto.sources import CocoCaptions
from impasto_lab.cli import main
from impasto_lab.experiments.analysis.embeddings.attributes import Attributes, facts_beside
from impasto_lab.experiments.analysis.embeddings.comparing import Neighbors, compare
from impasto_lab.experiments.analysis.embeddings.embedded import Embedded, names_of
from impasto_lab.experiments.analysis.embeddings.maps import flatten
from impasto_lab.experiments.analysis.embeddings.measuring import measure
from impasto_lab.models import Clip, ClipSettings, Vilt, ViltSettings, Words
from impasto_lab.tasks.downstream import open_checkpoint, save_checkpoint
from impasto_lab.tasks.downstream.opened import Opened
from impasto_lab.tasks.pretrain import CompactVocabulary
from impasto_lab.tasks.pretrain.vocabulary import own_vocabulary
from impasto_lab.worlds import World, scenes, write_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = scenes.samples(size=scenes.Size(60, side=48, held=25), seed=1)
    return write_world(tmp_path_factory.mktemp("world") / "w", made, name="scenes", total=60, formats=("albef",))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two models that were never trained, as runs leave them."""
    rows = CompactVocabulary((0, *range(256, 512), 49406, 49407))
    folders = []
    for seed, name in enumerate(("plain", "mixed")):
        torch.manual_seed(seed)
        clip = Clip(ClipSettings.preset("tiny", vocabulary=rows.size)).eval()
        folders.append(tmp_path_factory.mktemp("runs") / name)
        save_checkpoint(Opened(clip, ClipTokenizer(), None, rows), folders[-1] / "model")
    return folders


def _embedded(folder: Path, world: World) -> Embedded:
    data = CocoCaptions(world.annotations("val"), images=world.images)
    return Embedded.of(open_checkpoint(folder), data, most=100, device=torch.device("cpu"))


def test_a_page_a_map_and_json(runs: list[Path], world: World, tmp_path: Path) -> None:
    val, test = (str(world.annotations(split)) for split in ("val", "test"))
    words = ["analyze", "embeddings", *map(str, runs), "--data", val, "--rare", test, "--images", str(world.images)]
    assert main([*words, "--out", str(tmp_path), "--neighbors", "4", "--device", "cpu"]) == 0
    told = json.loads((tmp_path / "embeddings.json").read_text())
    assert list(told["models"]) == ["plain", "mixed"] and (told["images"], told["captions"]) == (25, 125)
    for one in told["models"].values():
        assert set(one["retrieval"]) == {"data", "rare"} and one["chance"]["rare"]["ir@1"] == pytest.approx(4.0)
        assert {"color", "shape", "background", "number of things"} <= set(one["probes"])
        # Of 25 unit vectors, whatever they are.
        assert one["geometry"]["alignment"] == pytest.approx(2 - 2 * one["geometry"]["similarity of pairs"], abs=1e-5)
    assert told["neighbors"]["images that stay by chance"] == pytest.approx(4 / 24)
    page = (tmp_path / "embeddings.html").read_text()
    assert "What a linear probe reads off" in page and "most changed" in page and "difference" in page
    classes = {name: told["models"]["plain"]["probes"][name]["images"] for name in ("background", "number of things")}
    best = max(classes, key=lambda name: classes[name]["score"] - classes[name]["chance"])
    assert f"images are colored by {best}." in page
    assert page.count("data:image/png") == 2 and page.count("data:image/jpeg") == 3 * 2 * 5
    for kind in ("pca", "tsne"):
        assert (tmp_path / f"embeddings-{kind}.png").read_bytes().startswith(b"\x89PNG")


def test_one_model_alone_without_facts(runs: list[Path], world: World, tmp_path: Path) -> None:
    """Beside shards lie no facts, so nothing is probed; it is said."""
    data = ["--data", world.shards("val"), "--caption", "txt"]
    assert main(["analyze", "embeddings", str(runs[0]), *data, "--out", str(tmp_path), "--json", "-"]) == 0
    told = json.loads((tmp_path / "embeddings.json").read_text())
    assert told["models"]["plain"]["probes"] == {} and told["neighbors"] is None
    assert "linear probe" not in (tmp_path / "embeddings.html").read_text()


def test_embeddings_are_the_models(runs: list[Path], world: World) -> None:
    """Row by row, from the pixels that the page shows, and each caption with the image that it is of."""
    seen, opened = _embedded(runs[0], world), open_checkpoint(runs[0])
    recipe = opened.recipe()
    assert recipe.text is not None and isinstance(opened.base, Clip)
    mean, std = (
        torch.tensor(values)[:, None, None]
        for values in ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
    )
    images = (torch.from_numpy(seen.pixels).permute(0, 3, 1, 2) / 255 - mean) / std
    with torch.no_grad():
        assert np.allclose(opened.base.encode_images(images), seen.images, atol=2e-4)
        texts = opened.base.encode_texts(*opened.encode(seen.texts, recipe.text))
    assert np.allclose(texts, seen.captions, atol=1e-5)
    annotations = json.loads(world.annotations("val").read_text())["annotations"]
    owners = {(str(one["image_id"]), one["caption"]) for one in annotations}
    assert {(seen.keys[row], text) for row, text in zip(seen.image_of, seen.texts, strict=True)} == owners


def test_a_perfect_model_finds_all_and_reads_all_off() -> None:
    """Attributes written into embeddings are found there, and pairs in one place are each other's nearest."""
    rng = np.random.default_rng(0)
    facts = [
        {
            "id": row,
            "ground": ("sand", "grass")[row % 2],
            "things": [{"color": ("red", "blue")[row // 2 % 2], "x": 0.5}],
            "questions": [{"question": "what color is it?", "right": "red"}],
        }
        for row in range(40)
    ]
    known = Attributes.of(facts)
    assert set(known.classes) == {"ground", "number of things"} and set(known.present) == {"color"}
    marks = np.stack([known.classes["ground"] == "sand", known.present["color"][:, 1]], axis=1)
    images = np.concatenate([3.0 * marks, rng.normal(size=(40, 8))], axis=1).astype(np.float32)
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    pixels = np.zeros((40, 2, 2, 3), np.uint8)
    keys = tuple(map(str, range(40)))
    seen = Embedded(images, images, np.arange(40), ("a",) * 40, keys, pixels)
    found = measure({"data": seen}, known)
    assert found.found["data"]["rsum"] == 600
    assert found.geometry["modality gap"] == 0 and found.geometry["alignment"] == pytest.approx(0, abs=1e-9)
    assert found.probes["ground"]["images"].score > 90 and found.probes["color"]["captions"].score > 95
    assert "number of things" not in found.probes  # there is one everywhere


def test_neighbors_that_stay(runs: list[Path], world: World) -> None:
    one, other = (Neighbors.of(_embedded(run, world), 5) for run in runs)
    alike = compare(one, one, captions=125)
    assert alike.images.min() == 1 and alike.captions.min() == 1
    moved = compare(one, other, captions=125)
    assert moved.images[moved.shown["most changed"]] == moved.images.min()
    assert moved.images[moved.shown["least changed"]] == moved.images.max()
    assert 0 < moved.images.mean() < 1


def test_maps_keep_what_they_say(runs: list[Path], world: World) -> None:
    """Two principal components keep distances of what lies on a plane; t-SNE is the same each time."""
    seen = _embedded(runs[0], world)
    angles = np.linspace(0, 2, 25)
    plane = np.zeros((25, seen.images.shape[1]), np.float32)
    plane[:, 3], plane[:, 7] = np.cos(angles), np.sin(angles)
    flat = Embedded(plane, plane[seen.image_of], seen.image_of, seen.texts, seen.keys, seen.pixels)
    images, captions = flatten(flat, "pca")
    assert np.allclose(images, captions, atol=1e-5)
    between = (np.linalg.norm(points[:, None] - points[None], axis=2) for points in (images, plane))
    assert np.allclose(*between, atol=1e-5)
    assert all(np.array_equal(*pair) for pair in zip(flatten(seen, "tsne"), flatten(seen, "tsne"), strict=True))


def test_names_tell_apart() -> None:
    assert names_of(["runs/plain/model", "runs/mixgen/model"]) == ["plain", "mixgen"]
    assert names_of(["a/1", "a/2"]) == ["1", "2"] and names_of(["runs/plain/model"]) == ["plain"]
    with pytest.raises(RecipeError, match="are one"):
        names_of(["a/1", "a/./1"])


def test_what_cannot_be_analyzed(runs: list[Path], world: World, tmp_path: Path) -> None:
    vocabulary = tmp_path / "vocab.txt"
    vocabulary.write_text(own_vocabulary(["a"]), encoding="utf-8")
    words = Words.read(vocabulary)
    vilt = Vilt(ViltSettings.preset("tiny", vocabulary=words.size)).eval()
    save_checkpoint(Opened(vilt, BertTokenizer(vocabulary=vocabulary), words), tmp_path / "vilt" / "model")
    with pytest.raises(CheckpointError, match="name a clip"):
        _embedded(tmp_path / "vilt", world)
    few = CocoCaptions(world.annotations("val"), images=world.images)[:9]
    with pytest.raises(RecipeError, match="ten or more"):
        Embedded.of(open_checkpoint(runs[0]), few, most=100, device=torch.device("cpu"))
    assert facts_beside(str(world.annotations("val"))) == world.facts("val")
    assert facts_beside(world.shards("val")) is None
    with pytest.raises(SourceError, match="don't know this image"):
        Attributes.read(world.facts("val"), ["no such"])
    (tmp_path / "facts.jsonl").write_text('{"id": 1}\nnot json\n', encoding="utf-8")
    with pytest.raises(SourceError, match="can't be read"):
        Attributes.read(tmp_path / "facts.jsonl", ["1"])
