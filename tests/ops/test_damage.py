"""Damaged files: a full decode judges them as Pillow does, and shows the same pixels where both show some."""

import io
import warnings

import numpy as np
import PIL.Image
import PIL.ImageFile
import pytest

from impasto import DecodeError, ImageRecipe, ImageTooLargeError, TruncatedImageError, ops


def pillow(data, keep=False):
    """Pillow's pixels, or None where it raises."""
    before, PIL.ImageFile.LOAD_TRUNCATED_IMAGES = PIL.ImageFile.LOAD_TRUNCATED_IMAGES, keep
    try:
        with warnings.catch_warnings(action="ignore"):
            return np.asarray(PIL.Image.open(io.BytesIO(data)).convert("RGB"))
    except (OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError):
        return None
    finally:
        PIL.ImageFile.LOAD_TRUNCATED_IMAGES = before


def ours(read, data, *arguments, **options):
    try:
        return read(data, *arguments, **options)
    except DecodeError:
        return None


@pytest.fixture(scope="module")
def files(photographs, encode):
    tile = photographs["chelsea"][60:140, 90:200]
    options = ({}, {"progressive": True}, {"restart_marker_blocks": 3}, {"subsampling": "4:4:4", "quality": 95})
    return [encode(tile, **one) for one in options] + [encode(tile[..., 0])]


@pytest.fixture(scope="module")
def mutants(files):
    """Bytes of scans changed, many of them to markers."""
    draw = np.random.default_rng(3)
    found = []
    for number in range(600):
        data = np.frombuffer(files[number % len(files)], np.uint8).copy()
        begin = data.tobytes().index(b"\xff\xda") + 14
        places = draw.integers(begin, len(data) - 3, draw.integers(1, 4))
        data[places] = draw.integers(0, 256, len(places))
        if number % 2:
            data[places[0]], data[places[0] + 1] = 0xFF, draw.integers(0xC0, 0xFF)
        found.append(data.tobytes())
    return found


def test_a_full_decode_judges_as_pillow(mutants):
    judged = [(pillow(data), ours(ops.decode, data)) for data in mutants]
    assert not [number for number, (theirs, mine) in enumerate(judged) if mine is not None and theirs is None]
    both = [(theirs, mine) for theirs, mine in judged if mine is not None]
    assert all(np.array_equal(theirs, mine) for theirs, mine in both)
    refused = sum(mine is None for _, mine in judged)
    assert 50 < refused < 550
    # Where Pillow shows pixels and we none, the file has no end-of-image marker left.
    stricter = [
        data for data, (theirs, mine) in zip(mutants, judged, strict=True) if mine is None and theirs is not None
    ]
    assert all(b"\xff\xd9" not in data for data in stricter)


@pytest.mark.parametrize("recipe", [{"exact": True}, {}])
def test_so_does_a_load_of_the_last_row(mutants, recipe):
    """`exact` decodes in full; without a crop the fast path too reads the last row, and with it the file's end."""
    recipe = ImageRecipe(size=80, crop="none", **recipe)
    for data in mutants:
        assert (ours(ops.load, data, recipe) is None) == (ours(ops.decode, data) is None)


def test_a_crop_judges_what_it_reads(photographs, encode):
    """Damage below the crop's last row is not looked for; a crop with damage in or above it is refused."""
    data = encode(photographs["chelsea"], quality=90)
    at = len(data) * 6 // 10
    damaged = data[:at] + b"\xff\xc4" + data[at + 2 :]
    recipe = ImageRecipe(size=32, scale=(0.05, 0.1))
    refused = 0
    for sample in range(40):
        whole, box, _ = ops.load(data, recipe, sample=sample)
        loaded = ours(ops.load, damaged, recipe, sample=sample)
        if loaded is None:
            refused += 1
            assert box[1] + box[3] > 0.5 * 300
        else:
            assert np.array_equal(loaded[0], whole)
            assert box[1] + box[3] < 0.7 * 300
    assert 5 < refused < 35
    with pytest.raises(DecodeError):
        ops.decode(damaged)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_what_there_is_of_a_cut_file_is_kept(files, share):
    for data in files:
        cut = data[: int(len(data) * share)]
        with pytest.raises(TruncatedImageError):
            ops.decode(cut)
        if b"\xff\xda" not in cut:
            with pytest.raises(DecodeError):
                ops.decode(cut, truncated="keep")
            continue
        assert np.array_equal(ops.decode(cut, truncated="keep"), pillow(cut, keep=True)), share


def test_a_batch_names_what_it_kept(files):
    from impasto import Loader, Recipe
    from impasto.sources import Sequence

    rows = [(data, "a caption") for data in (files[0], files[0][:-400], files[1], files[1][:-900])]
    for recipe in ({}, {"exact": True}):
        image = ImageRecipe(size=32, truncated="keep", **recipe)
        batch = next(iter(Loader(Sequence(rows), Recipe(image=image, text=None), batch_size=4, shuffle=False)))
        assert batch.truncated == ("1", "3") and not batch.replaced
    with pytest.raises(TruncatedImageError):
        next(iter(Loader(Sequence(rows), Recipe(image=ImageRecipe(size=32), text=None), batch_size=4)))


def test_webps_are_judged_as_pillow_judges_them(photographs, encode):
    tile = PIL.Image.fromarray(photographs["chelsea"][60:140, 90:200])
    clear = tile.copy()
    clear.putalpha(tile.convert("L"))
    some = [tile.rotate(90), clear]
    files = [
        encode(tile, "WEBP", quality=70),
        encode(clear, "WEBP", quality=70),
        encode(clear, "WEBP", lossless=True),
        encode(clear, "WEBP", save_all=True, append_images=some),
    ]
    draw, judged = np.random.default_rng(4), []
    for number in range(600):
        data = np.frombuffer(files[number % len(files)], np.uint8).copy()
        # Headers and chunks' sizes lie at the beginning.
        places = draw.integers(0, len(data) if number % 3 else 64, draw.integers(1, 4))
        data[places] = draw.integers(0, 256, len(places))
        try:
            mine = ops.decode(data.tobytes(), max_pixels=1 << 22)
        except ImageTooLargeError:
            continue  # a canvas that claims to be huge, which Pillow would make
        except DecodeError:
            mine = None
        judged.append((pillow(data.tobytes()), mine))
    assert all((theirs is None) == (mine is None) for theirs, mine in judged)
    assert all(np.array_equal(theirs, mine) for theirs, mine in judged if mine is not None)
    assert 50 < sum(mine is None for _, mine in judged) < 550
