"""The usual sets, together."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

import impasto
from impasto_lab.tasks.pretrain import mixed, usual_sets
from impasto_lab.worlds import Sample, World, render_scenes, write_world

FORMATS = ("albef", "visual_genome", "web")


def _sets(world: World, folder: Path) -> None:
    """One world as each of the four sets, in the form that each comes in."""
    folder.mkdir()
    shutil.copytree(world.images, folder / "images")
    shutil.copytree(world.root / "visual_genome" / "train", folder / "genome")
    shutil.copy(world.root / "albef" / "train.json", folder / "coco.json")
    shutil.copy(world.root / "visual_genome" / "train" / "region_descriptions.json", folder / "vg.json")
    shutil.copy(world.root / "web" / "sbu_train.json", folder / "sbu.json")
    shutil.copy(world.root / "web" / "cc3m_train.tsv", folder / "cc3m.tsv")


def test_the_usual_sets_are_mixed_by_their_pairs(tmp_path: Path) -> None:
    scenes = render_scenes(tmp_path / "scenes", size="tiny", seed=1)
    source = impasto.sources.CocoCaptions(scenes.annotations("train"), images=scenes.images)
    samples = [
        Sample(
            image=source.index.image(row),
            width=1,
            height=1,
            captions=tuple(source.index.captions(row)[:2]),
            split="train",
        )
        for row in range(12)
    ]
    world = write_world(tmp_path / "world", samples, name="w", total=12, formats=FORMATS)
    _sets(world, tmp_path / "sets")
    (tmp_path / "sets" / "images" / "000000000003.jpg").unlink()
    found = usual_sets(tmp_path / "sets", "4m")
    assert [len(one) for one in found] == [22, 12, 22, 22]
    assert [one.left_out.get("missing images", 0) for one in found] == [2, 0, 2, 2]
    together = mixed(found)
    recipe = impasto.Recipe(image=impasto.ImageRecipe(size=8), text=impasto.TextRecipe(tokenizer=None))
    loader = impasto.Loader(together, recipe, batch_size=6, workers=0)
    seen = Counter(int(row) for batch in loader for row in batch.samples)
    assert sorted(seen) == list(range(78)), "each pair once"
    karpathy = json.loads(world.karpathy.read_text())
    for row, split in ((0, "restval"), (1, "val"), (4, "test")):
        karpathy["images"][row]["split"] = split
    (tmp_path / "sets" / "coco.json").write_text(json.dumps(karpathy))
    trained = usual_sets(tmp_path / "sets", "4m")[0]
    gone = {f"{number:012d}.jpg" for number in (2, 3, 5)}
    assert len(trained) == 9, "what is judged on is never trained on, nor what is missing"
    assert {Path(trained[row].key).name for row in range(9)} & gone == set()
    with pytest.raises(impasto.SourceError, match="cc12m is one of 14m's sets: it is not there"):
        usual_sets(tmp_path / "sets", "14m")
    with pytest.raises(impasto.SourceError, match="1 of 10 images are not there"):
        usual_sets(tmp_path / "sets", "1m", missing=0.05)
    with pytest.raises(impasto.RecipeError, match="1 weights for 4 data sets"):
        mixed(found, [1.0])
    shares = mixed(found, [1, 1, 1, 1])
    assert isinstance(shares, impasto.loading.Mixture)
    assert shares.shares == (0.25,) * 4
