"""Every way in which a sample can be broken: its typed error, or a substitute that is counted and written down."""

import json
import struct
import tarfile
import zlib

import numpy as np
import pytest
import torch

import impasto
from impasto import (
    BadSampleBudgetError,
    CaptionError,
    DecodeError,
    ImageRecipe,
    ImageTooLargeError,
    Loader,
    Recipe,
    SourceError,
    TruncatedImageError,
    UnsupportedImageError,
)
from impasto.sources import AlbefCaptions, CocoCaptions, ImageTextFolder, Sequence, WebDataset


def png_header(width, height):
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


def huge_jpeg(jpeg):
    """The same file, but its header says 60000x60000."""
    frame = jpeg.index(b"\xff\xc0")
    return jpeg[: frame + 5] + struct.pack(">HH", 60000, 60000) + jpeg[frame + 9 :]


HTML = b"<!DOCTYPE html><html><body>404 Not Found</body></html>"

IMAGES = {
    "empty": (lambda good: b"", DecodeError, "empty"),
    "cut in the header": (lambda good: good[:100], TruncatedImageError, "ends"),
    "cut in the scan": (lambda good: good[: len(good) * 2 // 3], TruncatedImageError, "ends before its last pixel"),
    "one byte short": (lambda good: good[:-1], TruncatedImageError, "download or copy it again"),
    "html": (lambda good: HTML, DecodeError, "HTML"),
    "noise": (lambda good: bytes(range(256)) * 4, DecodeError, "JPEG, PNG, WebP"),
    "huge": (huge_jpeg, ImageTooLargeError, "max_pixels"),
    "huge png": (lambda good: png_header(60000, 60000), ImageTooLargeError, "max_pixels"),
    "gif": (lambda good: b"GIF89a" + bytes(100), UnsupportedImageError, "GIF"),
    "a tenth": (lambda good: good[: len(good) // 10], TruncatedImageError, "ends"),
}

CAPTIONS = {
    "empty": ("", CaptionError, "empty"),
    "blank": (" \t\n ", CaptionError, "empty"),
    "100 kB": ("word " * 20_000, CaptionError, "max_bytes"),
    "not UTF-8": ("caf\udce9", CaptionError, "UTF-8"),
    "none": ([], CaptionError, "no caption"),
    "a number": (3, CaptionError, "not a string"),
}


@pytest.fixture
def recipe():
    return Recipe(image=ImageRecipe(size=32))


def replaced(loader):
    return [bad for batch in loader for bad in batch.replaced]


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("exact", [False, True])
def test_a_broken_image_is_named(good, name, exact):
    spoil, error, says = IMAGES[name]
    items = [(image, f"caption {number}") for number, image in enumerate(good)]
    items[3] = (spoil(good[3]), "broken")
    recipe = Recipe(image=ImageRecipe(size=32, exact=exact))
    with pytest.raises(error, match=says) as caught:
        next(iter(Loader(Sequence(items), recipe, batch_size=6)))
    assert caught.value.key == "3"
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("name", CAPTIONS)
def test_a_broken_caption_is_named(good, recipe, name):
    caption, error, says = CAPTIONS[name]
    items = [(image, f"caption {number}") for number, image in enumerate(good)]
    items[2] = (good[2], caption)
    with pytest.raises(error, match=says) as caught:
        next(iter(Loader(Sequence(items), recipe, batch_size=6)))
    assert caught.value.key == "2"


@pytest.mark.parametrize("options", [{"workers": 0}, {"workers": 2}, {"workers": 1, "processes": True}])
def test_broken_samples_are_replaced_counted_and_written_down(good, recipe, tmp_path, options):
    items = [(good[number % len(good)], f"caption {number}") for number in range(60)]
    bad = {}
    for number, (name, (spoil, error, _)) in enumerate(IMAGES.items()):
        items[number * 2] = (spoil(good[0]), name)
        bad[str(number * 2)] = error.__name__
    for number, (caption, error, _) in enumerate(CAPTIONS.values()):
        items[number * 2 + 31] = (good[0], caption)
        bad[str(number * 2 + 31)] = error.__name__
    items[1] = (tmp_path / "missing.jpg", "missing")
    bad["1"] = "SourceError"
    items[3] = "no pair at all"
    bad["3"] = "SourceError"
    manifest = tmp_path / "bad.jsonl"
    loader = Loader(
        Sequence(items), recipe, batch_size=15, on_error="replace", budget=0.5, manifest=manifest, seed=4, **options
    )
    found = replaced(loader)
    assert {one.key: one.error for one in found} == bad
    assert loader.replaced == len(bad)
    assert not {one.substitute for one in found} & set(bad)
    lines = [json.loads(line) for line in manifest.read_text().splitlines()]
    assert sorted(line["key"] for line in lines) == sorted(bad)
    assert all(line["epoch"] == 0 and line["reason"] and line["substitute"] for line in lines)


def test_a_substitute_is_the_same_for_any_worker_and_batch_size_is_kept(good, recipe, digest):
    items = [(good[number % len(good)], f"caption {number}") for number in range(40)]
    items[7] = (b"", "broken")
    options = {"batch_size": 10, "on_error": "replace", "manifest": None, "seed": 1}
    runs = [
        [(len(batch.images), digest(batch)) for batch in Loader(Sequence(items), recipe, workers=workers, **options)]
        for workers in (0, 1, 4)
    ]
    assert runs[0] == runs[1] == runs[2]
    assert [size for size, _ in runs[0]] == [10] * 4


def test_the_budget_ends_a_run_at_the_same_batch_with_any_workers(good, tmp_path):
    """Of a thousand samples at least: at the eleventh bad one, in the order of the batches, however many are ahead."""
    items = [(good[0] if number % 9 else b"", "caption") for number in range(400)]
    options = {"on_error": "replace", "budget": 0.01, "manifest": tmp_path / "bad.jsonl", "batch_size": 20, "seed": 3}
    small = Recipe(image=ImageRecipe(size=8), text=None)
    ends = []
    for workers in ({"workers": 0}, {"workers": 2, "prefetch": 6}, {"workers": 2, "processes": True}):
        loader = Loader(Sequence(items), small, **options, **workers)
        given, batches = [], iter(loader)
        taken = (given.append(len(batch.replaced)) for batch in batches)
        with pytest.raises(BadSampleBudgetError, match=r"over budget=0.01 \(of 1,000 samples.*bad\.jsonl") as caught:
            list(taken)
        ends.append((loader.state_dict()["samples"], given, str(caught.value)))
        assert next(batches, None) is None
    assert ends[0] == ends[1] == ends[2] and 0 < sum(ends[0][1]) <= 10
    stock = impasto.BatchDataset(Sequence(items), small, on_error="replace", manifest=None)
    with pytest.raises(BadSampleBudgetError, match="over budget"):
        list(torch.utils.data.DataLoader(stock, batch_sampler=impasto.BatchSampler(stock, 20)))


def test_nothing_but_broken_samples_ends_too(recipe):
    loader = Loader(Sequence([(b"", "a")] * 8), recipe, batch_size=4, on_error="replace", budget=1, manifest=None)
    with pytest.raises(DecodeError, match="empty"):
        next(iter(loader))


def test_of_several_captions_only_those_that_can_be_used_are_drawn(good, recipe):
    """The others each with the same chance, and where none can be used, the error of one."""
    captions = ["one", "", "two", "caf\udce9", 3, "x" * 100_000, "three"]
    rows = 6000
    data = Sequence([(good[0], captions)] * rows)
    (batch,) = Loader(data, Recipe(image=ImageRecipe(size=1)), batch_size=rows, workers=2)
    counts = [batch.captions.count(caption) for caption in ("one", "two", "three")]
    assert sum(counts) == rows and max(abs(count - rows / 3) for count in counts) < 6 * (rows * 2 / 9) ** 0.5
    assert {captions[choice] for choice in batch.plan.choices} == {"one", "two", "three"}
    with pytest.raises(CaptionError, match=r"empty|not a string"):
        next(iter(Loader(Sequence([(good[0], ["", 3])]), recipe, batch_size=1)))


def test_an_image_without_captions_asked_for_is_not_judged_by_them(good):
    recipe = Recipe(image=ImageRecipe(size=8), text=None)
    assert len(next(iter(Loader(Sequence([(good[0], [None, 3])]), recipe, batch_size=1)))) == 1


def test_joined_data_sets_are_refused_with_the_remedy(good, recipe):
    one = impasto.BatchDataset(Sequence([(good[0], "a")] * 4), recipe)
    both = torch.utils.data.ConcatDataset([one, one])
    for workers in (0, 1):
        with pytest.raises(impasto.RecipeError, match="make one source of the data that you want") as caught:
            next(iter(torch.utils.data.DataLoader(both, batch_size=4, num_workers=workers)))
        assert "Traceback" not in caught.value.reason


def test_limits_are_the_recipe_s_alone(good):
    """Nothing is switched off for the process, here or in Pillow."""
    import PIL.Image

    before = PIL.Image.MAX_IMAGE_PIXELS
    item = Sequence([(good[0], "a")])
    small = Recipe(image=ImageRecipe(size=8, max_pixels=100))
    with pytest.raises(ImageTooLargeError, match="max_pixels"):
        next(iter(Loader(item, small, batch_size=1)))
    with pytest.raises(ImageTooLargeError, match="max_bytes"):
        next(iter(Loader(item, Recipe(image=ImageRecipe(size=8, max_bytes=100)), batch_size=1)))
    assert len(next(iter(Loader(item, Recipe(image=ImageRecipe(size=8)), batch_size=1)))) == 1
    assert before == PIL.Image.MAX_IMAGE_PIXELS


def test_scans_are_limited(photographs, encode):
    data = encode(photographs["coffee"][:64, :64], progressive=True)
    recipe = Recipe(image=ImageRecipe(size=8, max_scans=2))
    with pytest.raises(ImageTooLargeError, match="max_scans"):
        next(iter(Loader(Sequence([(data, "a")]), recipe, batch_size=1)))


def test_a_json_that_names_a_missing_image(good, recipe, tmp_path):
    (tmp_path / "there.jpg").write_bytes(good[0])
    annotations = {
        "images": [{"id": 1, "file_name": "there.jpg"}, {"id": 2, "file_name": "absent.jpg"}],
        "annotations": [{"id": n, "image_id": n, "caption": "a"} for n in (1, 2)],
    }
    (tmp_path / "captions.json").write_text(json.dumps(annotations))
    data = CocoCaptions(tmp_path / "captions.json", images=tmp_path)
    with pytest.raises(SourceError, match="does not exist") as caught:
        next(iter(Loader(data, recipe, batch_size=2)))
    assert caught.value.key == "2"
    assert caught.value.path == str(tmp_path / "absent.jpg")
    assert isinstance(caught.value, OSError)


def test_a_caption_file_that_is_not_utf8(good, recipe, tmp_path):
    (tmp_path / "a.jpg").write_bytes(good[0])
    (tmp_path / "a.txt").write_bytes(b"caf\xe9")
    with pytest.raises(CaptionError, match="UTF-8") as caught:
        next(iter(Loader(ImageTextFolder(tmp_path), recipe, batch_size=1)))
    assert caught.value.key == "a"


def test_an_annotation_with_empty_captions(good, recipe, tmp_path):
    (tmp_path / "a.jpg").write_bytes(good[0])
    (tmp_path / "albef.json").write_text(json.dumps([{"image": "a.jpg", "caption": ""}]))
    with pytest.raises(CaptionError, match="empty"):
        next(iter(Loader(AlbefCaptions(tmp_path / "albef.json", images=tmp_path), recipe, batch_size=1)))


@pytest.mark.parametrize("cut", [600, 5000, -3500])
def test_a_tar_cut_in_the_middle(good, recipe, tmp_path, cut):
    shard = tmp_path / "shard.tar"
    with tarfile.open(shard, "w") as tar:
        for number, image in enumerate(good):
            for ending, data in (("jpg", image), ("txt", b"a caption")):
                (tmp_path / "member").write_bytes(data)
                tar.add(tmp_path / "member", f"{number}.{ending}")
    whole = shard.read_bytes()
    end = len(whole.rstrip(b"\0"))
    shard.write_bytes(whole[: cut if cut > 0 else end + cut])
    with pytest.raises(SourceError, match=r"cut|ends") as caught:
        WebDataset(shard)
    assert caught.value.path == str(shard)
    if cut != 600:
        assert 0 < len(WebDataset(shard, truncated="keep")) < len(good)


def test_a_shard_that_changes_under_the_index(good, recipe, tmp_path):
    shard = tmp_path / "shard.tar"

    def write(images):
        with tarfile.open(shard, "w") as tar:
            for number, image in enumerate(images):
                for ending, data in (("jpg", image), ("txt", b"a caption")):
                    (tmp_path / "member").write_bytes(data)
                    tar.add(tmp_path / "member", f"{number}.{ending}")

    write(good[:4])
    data = WebDataset(shard)
    assert len(data) == 4
    write(good)
    with pytest.raises(SourceError, match="changed"):
        next(iter(Loader(data, recipe, batch_size=4)))
    assert len(WebDataset(shard)) == len(good)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: impasto.ImageRecipe(size=0), "size=0"),
        (lambda: impasto.ImageRecipe(size=(224, -1)), r"size=\(224, -1\)"),
        (lambda: impasto.ImageRecipe(size=22.4), "size=22.4"),
        (lambda: impasto.ImageRecipe(scale=(1.0, 0.2)), r"reversed; write \(0.2, 1.0\)"),
        (lambda: impasto.ImageRecipe(scale=(0.0, 1.0)), r"must lie in \(0"),
        (lambda: impasto.ImageRecipe(scale=(0.5, float("nan"))), "scale"),
        (lambda: impasto.ImageRecipe(ratio=(2, 1)), "reversed"),
        (lambda: impasto.ImageRecipe(resize=100), "at least the crop's size=224"),
        (lambda: impasto.ImageRecipe(hflip=1.5), "hflip=1.5"),
        (lambda: impasto.ImageRecipe(normalize="clap"), "'clip', 'imagenet', 'inception'"),
        (lambda: impasto.ImageRecipe(normalize=((0, 0, 0), (1, 1, 0))), "not positive"),
        (lambda: impasto.ImageRecipe(normalize=(0.5, 0.5)), "pair of RGB triples"),
        (lambda: impasto.ImageRecipe(dtype="float64"), "float64"),
        (lambda: impasto.ImageRecipe(max_pixels=0), "max_pixels=0"),
        (lambda: impasto.TextRecipe(length=1), "length=1"),
        (lambda: impasto.TextRecipe(tokenizer="gpt"), "tokenizer='gpt'"),
        (lambda: impasto.MixGen(ratio=0.6), "ratio=0.6 is over 0.5"),
        (lambda: impasto.MixGen(ratio=-0.1), "ratio=-0.1"),
        (lambda: impasto.MixGen(lam=1.1), "lam=1.1"),
        (lambda: impasto.MixGen(lam="half"), "lam='half'"),
        (lambda: impasto.Recipe(image="clip"), "image='clip' must be"),
        (lambda: impasto.BatchSampler(3, 4), "do not fill one batch"),
        (lambda: impasto.BatchSampler(8, 0), "batch_size=0"),
        (lambda: impasto.BatchSampler(8, 2, rank=2, world_size=2), "rank=2"),
        (lambda: impasto.BatchSampler(8, 2, seed=-1), "seed=-1"),
        (lambda: impasto.BatchDataset([], impasto.Recipe(), threads=0), "threads=0"),
        (lambda: impasto.BatchDataset([], impasto.Recipe(), on_error="skip"), "on_error='skip'"),
        (lambda: impasto.BatchDataset([], impasto.Recipe(), budget=2), "budget=2"),
    ],
)
def test_recipes_that_make_no_sense(make, says):
    with pytest.raises(impasto.RecipeError, match=says) as caught:
        make()
    assert isinstance(caught.value, ValueError)


def test_data_that_is_no_source(recipe):
    with pytest.raises(impasto.RecipeError, match=r"no source; see impasto\.sources"):
        Loader([(b"", "a")], recipe, batch_size=1)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_any_bytes_are_an_image_or_an_error(photographs, encode, kind):
    """Each file with bytes flipped, cut and doubled: an image of the right shape, or a DecodeError."""
    draw = np.random.default_rng(0)
    options = {"JPEG": {"progressive": True}, "PNG": {}, "WEBP": {"quality": 80}}[kind]
    whole = np.frombuffer(encode(photographs["chelsea"][:48, :48], kind, **options), np.uint8)
    recipe = ImageRecipe(size=16, max_pixels=1 << 22)
    outcomes = []
    for number in range(400):
        data = whole.copy()
        places = draw.integers(0, len(data), draw.integers(1, 6))
        data[places] ^= draw.integers(1, 256, len(places), dtype=np.uint8)
        if number % 4 == 0:
            data = data[: draw.integers(0, len(data))]
        if number % 7 == 0:
            data = np.concatenate([data[: len(data) // 2], data])
        try:
            image, *_ = impasto.ops.load(data.tobytes(), recipe)
        except DecodeError:
            outcomes.append(False)
        else:
            assert image.shape == (16, 16, 3)
            outcomes.append(True)
    assert sum(outcomes) < 400
    assert any(outcomes) or kind == "PNG"  # whose checksums find any flipped bit


def test_errors_pickle_with_their_context():
    import pickle

    error = TruncatedImageError("cut", key="7", path="a.jpg")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.key, copy.path) == (TruncatedImageError, str(error), "7", "a.jpg")


def test_a_full_batch_of_odd_images(encode, recipe):
    """Sizes from 1x1, gray, alpha, palettes: all come out, nothing is skipped."""
    import PIL.Image

    modes = {"PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"), "JPEG": ("L", "RGB", "CMYK")}
    items = [
        (encode(PIL.Image.new(mode, (side, 2 * side), 0), kind), f"{kind} {mode} {side}")
        for side in (1, 2, 3, 7)
        for kind in modes
        for mode in modes[kind]
    ]
    batch = next(iter(Loader(Sequence(items), recipe, batch_size=len(items))))
    assert torch.isfinite(batch.images).all()
    assert len(set(batch.keys)) == len(items)
