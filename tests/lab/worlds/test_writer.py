"""The formats are read back by json, tarfile and Pillow, and by impasto's own sources."""

import io
import json
import tarfile
from pathlib import Path

import pytest
from PIL import Image

import impasto
from impasto_lab.worlds import Sample, World, write_world


def _jpeg(level: int = 90) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (12, 8), (level, 30, 30)).save(file, "JPEG")
    return file.getvalue()


def _sample(split: str = "train", captions: tuple[str, ...] = ("a « red » plate", "red"), level: int = 90) -> Sample:
    return Sample(image=_jpeg(level), width=12, height=8, captions=captions, split=split, facts={"level": level})


def _shard_members(world: World, split: str) -> dict[str, dict[str, bytes]]:
    """Samples of a split's shards by webdataset's rule: the name up to its first dot is the key."""
    samples: dict[str, dict[str, bytes]] = {}
    for path in sorted((world.root / "shards").glob(f"{split}-*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                key, _, ending = member.name.partition(".")
                assert (member.mtime, member.uid, member.gid, member.uname) == (0, 0, 0, "")
                assert not samples or key in samples or key > max(samples), "members of a sample are neighbours"
                samples.setdefault(key, {})[ending] = tar.extractfile(member).read()
    return samples


@pytest.mark.parametrize("name", ["scenes", "photographs"])
@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_all_formats_hold_the_same_samples(name: str, split: str, request: pytest.FixtureRequest) -> None:
    world: World = request.getfixturevalue(name)
    coco = json.loads(world.annotations(split).read_text())
    captions = {image["id"]: [] for image in coco["images"]}
    for annotation in coco["annotations"]:
        captions[annotation["image_id"]].append(annotation["caption"])

    karpathy = json.loads(world.karpathy.read_text())["images"]
    of_split = [image for image in karpathy if image["split"] == split]
    assert {image["cocoid"]: [one["raw"] for one in image["sentences"]] for image in of_split} == captions

    members = _shard_members(world, split)
    assert [int(key) for key in members] == list(captions)
    for image in coco["images"]:
        encoded = (world.images / image["file_name"]).read_bytes()
        with Image.open(io.BytesIO(encoded)) as opened:
            assert opened.size == (image["width"], image["height"])
        member = members[Path(image["file_name"]).stem]
        assert member["jpg"] == encoded
        assert member["txt"].decode() == captions[image["id"]][0]
        assert json.loads(member["json"])["captions"] == captions[image["id"]]

    data = impasto.sources.CocoCaptions(world.annotations(split), images=world.images)
    assert [data.index.captions(row) for row in range(len(data))] == list(captions.values())
    split_file = impasto.sources.KarpathyCaptions(world.karpathy, images=world.images, split=split)
    assert list(split_file.keys) == list(data.keys)
    shards = impasto.sources.WebDataset(world.shards(split))
    assert [int(key) for key in shards.keys] == [int(key) for key in data.keys]
    assert shards.index.image(1) == data.index.image(1)


def test_shards_roll_over(tmp_path: Path) -> None:
    samples = [_sample(level=level) for level in range(5)]
    done: list[tuple[int, int]] = []
    world = write_world(
        tmp_path / "w", samples, name="plates", total=5, shard_samples=2, progress=lambda *at: done.append(at)
    )
    assert world.about["shards"] == {"train": 3, "val": 0, "test": 0}
    assert world.shards("train").endswith("train-{00000..00002}.tar")
    assert len(_shard_members(world, "train")) == 5
    assert done == [(number, 5) for number in range(1, 6)]


def test_a_world_is_replaced_and_anything_else_is_left_alone(tmp_path: Path) -> None:
    world = write_world(tmp_path / "w", [_sample()], name="plates", total=1)
    (world.root / "old.txt").write_text("of the old world")
    write_world(tmp_path / "w", [_sample(), _sample()], name="plates", total=2)
    assert world.about["images"]["train"] == 2
    assert not (world.root / "old.txt").exists()

    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    with pytest.raises(impasto.SourceError, match="choose another folder"):
        write_world(tmp_path / "mine", [_sample()], name="plates", total=1)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.tex"]


def test_an_interrupted_write_leaves_the_old_world(tmp_path: Path) -> None:
    def broken():
        yield _sample()
        raise KeyboardInterrupt

    world = write_world(tmp_path / "w", [_sample()], name="plates", total=1)
    with pytest.raises(KeyboardInterrupt):
        write_world(tmp_path / "w", broken(), name="plates", total=2)
    assert world.about["images"]["train"] == 1
