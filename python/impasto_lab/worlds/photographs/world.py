"""The photographs as a data set: every region in every tone; some photographs and tones are kept for evaluation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL.Image

from impasto.progress import Progress
from impasto.streams import pick, shuffled, stream
from impasto_lab.worlds.formats.encode import encode_jpeg
from impasto_lab.worlds.formats.layout import World
from impasto_lab.worlds.formats.sample import Sample, Split
from impasto_lab.worlds.formats.writer import write_world
from impasto_lab.worlds.photographs.listing import Box, Photograph, Region, catalogue
from impasto_lab.worlds.photographs.phrases import read
from impasto_lab.worlds.photographs.tones import TONES, Tone

#: The longer side of an image is at most this, in pixels.
LONGEST = 640

#: Phrases that name a picture already.
_A_PICTURE = re.compile(r"close-up|shot|photo|portrait|image|picture|slide|scanned")


def write_photographs(out: str | Path, *, seed: int = 0, progress: Progress | None = None) -> World:
    """Writes the photographs as a world.

    Args:
        out: The folder to make.
        seed: Key of cuts, flips, tones and wordings.
        progress: Called after every image.

    Raises:
        SourceError: See `impasto_lab.worlds.write_world`.
        MissingExtraError: If scikit-image or scikit-learn is not installed.
    """
    credits = {photograph.name: f"{photograph.credit} ({photograph.licence})" for photograph in catalogue()}
    made = samples(seed=seed)
    about = {"seed": seed, "credits": credits}
    return write_world(out, made, name="photographs", total=count(), about=about, progress=progress)


def count(split: Split | None = None, *, held_out: bool | None = None) -> int:
    """How many images `samples` yields: all, those of a split, those of photographs that are held out or are not."""
    return sum(
        split in (None, one)
        for photograph in catalogue()
        if held_out in (None, photograph.held_out)
        for region in photograph.regions
        for _, one in _renderings(photograph, region, seed=0)
    )


def samples(*, seed: int = 0) -> Iterator[Sample]:
    """Real photographs and named parts of them, cut and developed in many ways, with captions that say what is seen.

    Each region appears once in each tone (natural, black and white, sepia, dark, bright, blurred, grainy, pixelated),
    each time in a cut of its own. The test split has two parts. Photographs that are held out, which come last, are
    there whole: nothing of them is in another split. Of the others every region appears in its natural tone once more,
    and one of its tones is kept for validation and one for test, never the natural one: what is tested there is a part
    that was seen, in a tone that was seen, but never the two together.

    Args:
        seed: Key of cuts, flips, tones and wordings.

    Yields:
        The samples; their facts say photograph, region, tone, box (in the photograph's pixels) and flip.

    Raises:
        MissingExtraError: If scikit-image or scikit-learn is not installed.
    """
    for photograph in sorted(catalogue(), key=lambda photograph: photograph.held_out):
        pixels = photograph.load()
        for region in photograph.regions:
            for number, (tone, split) in enumerate(_renderings(photograph, region, seed)):
                rng = stream(seed, "cut", photograph.name, region.name, number)
                yield _sample(photograph, pixels, region, tone, split, rng)


def _renderings(photograph: Photograph, region: Region, seed: int) -> list[tuple[Tone, Split]]:
    """The tones that a region appears in, and the split of each."""
    tones = _tones(photograph)
    if photograph.held_out:
        return [(tone, "test") for tone in tones]
    kept = shuffled(stream(seed, "kept", photograph.name, region.name), tones[1:])[:2]
    splits: dict[str, Split] = {kept[0].name: "val", kept[1].name: "test"}
    return [(tone, splits.get(tone.name, "train")) for tone in (TONES[0], *tones)]


def _tones(photograph: Photograph) -> list[Tone]:
    return [tone for tone in TONES if tone.for_gray or not photograph.gray]


def _sample(
    photograph: Photograph,
    pixels: npt.NDArray[np.uint8],
    region: Region,
    tone: Tone,
    split: Split,
    rng: np.random.Generator,
) -> Sample:
    box = _cut(region, pixels, rng)
    left, top, right, bottom = box
    mirrored = photograph.flip and bool(rng.random() < 0.5)
    part = pixels[top:bottom, left:right]
    image = tone.develop(_shrink(part[:, ::-1] if mirrored else part), rng)
    gray = bool((image[..., :1] == image).all())
    phrases = [read(phrase, colored=tone.colored, mirrored=mirrored) for phrase in region.captions]
    facts = {
        "photograph": photograph.name,
        "region": region.name,
        "tone": tone.name,
        "box": list(box),
        "mirrored": mirrored,
    }
    return Sample(
        image=encode_jpeg(np.ascontiguousarray(image[..., 0] if gray else image)),
        width=image.shape[1],
        height=image.shape[0],
        captions=tuple(_worded(phrase, tone, rng) for phrase in shuffled(rng, phrases)),
        split=split,
        facts=facts,
    )


def _worded(phrase: str, tone: Tone, rng: np.random.Generator) -> str:
    """A phrase with the words of a tone; "a dark photo of a close-up of" is not said."""
    after = [wording for wording in tone.wordings if wording.startswith("{}")]
    return pick(rng, after if _A_PICTURE.search(phrase) else tone.wordings).format(phrase)


def _cut(region: Region, pixels: npt.NDArray[np.uint8], rng: np.random.Generator) -> Box:
    """A box that shows nearly all of a region, or most of a whole photograph."""
    height, width = pixels.shape[:2]
    if region.box is None:
        share = rng.uniform(0.86, 1.0, 2)
        inner_width, inner_height = round(width * share[0]), round(height * share[1])
        left, top = (int(rng.integers(extent + 1)) for extent in (width - inner_width, height - inner_height))
        return left, top, left + inner_width, top + inner_height
    left, top, right, bottom = region.box
    slack = np.array([right - left, bottom - top, right - left, bottom - top]) * rng.uniform(-0.06, 0.06, 4)
    moved = np.rint(np.array(region.box) + slack).astype(int).tolist()
    return max(moved[0], 0), max(moved[1], 0), min(moved[2], width), min(moved[3], height)


def _shrink(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The image, scaled down where it is larger than `LONGEST`."""
    height, width = pixels.shape[:2]
    scale = LONGEST / max(height, width)
    if scale >= 1:
        return pixels
    size = (round(width * scale), round(height * scale))
    return np.asarray(PIL.Image.fromarray(np.ascontiguousarray(pixels)).resize(size, PIL.Image.Resampling.LANCZOS))
