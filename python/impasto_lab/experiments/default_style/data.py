"""Contents and styles as folders of images: what `impasto style train` would be given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL.Image
import torch

from impasto.progress import Progress
from impasto.streams import pick, stream
from impasto_lab.experiments.default_style.settings import HELD_OUT, UNSEEN, DefaultStyle
from impasto_lab.experiments.default_style.shapes import shapes
from impasto_lab.worlds import photographs, scenes
from impasto_lab.worlds.formats.encode import encode_jpeg
from impasto_lab.worlds.styles import PAINTERLY, draw_style, paint, render_style
from impasto_lab.worlds.styles.compound import PARTS, compound

#: The folder of the scenes among the contents.
SCENES = "scenes"
#: The folder of the single shapes among them.
THINGS = "things"
#: Side of a rendering, in pixels.
_SIDE = 256


@dataclass(frozen=True)
class StyleData:
    """Folders of images, one folder a class in each.

    Attributes:
        root: Where they lie.
    """

    root: Path

    def contents(self, split: str) -> Path:
        """Photographs and scenes, sorted into one folder each photograph and one for all scenes."""
        return self.root / "contents" / split

    def styles(self, split: str) -> Path:
        """Renderings, sorted into one folder a style."""
        return self.root / "styles" / split

    def seen(self) -> list[Path]:
        """Renderings that are trained on, without those of the families that the last phases don't see."""
        paths = sorted(self.styles("train").glob("*/*.jpg"))
        return [path for path in paths if path.parent.name.rpartition(" ")[0] not in UNSEEN]

    def compounds(self) -> list[Path]:
        """Pictures made of those renderings."""
        return sorted((self.root / "compounds").glob("*.jpg"))


def write(root: Path, settings: DefaultStyle, progress: Progress) -> StyleData:
    """Renders contents and styles; a folder that holds those of the same settings is used as it is.

    Args:
        root: The folder to make.
        settings: How many.
        progress: Called after every image.

    Raises:
        MissingExtraError: If scikit-image or scikit-learn is not installed.
    """
    data = StyleData(root)
    done = root / "done.json"
    sizes = (settings.styles, settings.variants, settings.test_styles, settings.scenes, settings.things)
    made = json.dumps([*sizes, settings.painted, settings.compounds])
    if done.exists() and done.read_text(encoding="utf-8") == made:
        return data
    total = (settings.styles + settings.test_styles) * settings.variants + settings.compounds
    total += settings.scenes + settings.things + sum(len(photograph.regions) for photograph in photographs.catalogue())
    files = chain(_contents(data, settings), _styles(data, settings), _compounds(data, settings))
    for number, (path, content) in enumerate(files, start=1):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        progress(number, total)
    done.write_text(made, encoding="utf-8")
    return data


def _contents(data: StyleData, settings: DefaultStyle) -> Iterator[tuple[Path, bytes]]:
    for photograph in photographs.catalogue():
        split = "test" if photograph.name in HELD_OUT else "train"
        pixels = photograph.load()
        for number, region in enumerate(photograph.regions):
            left, top, right, bottom = region.box or (0, 0, pixels.shape[1], pixels.shape[0])
            image = encode_jpeg(pixels[top:bottom, left:right], quality=95)
            yield data.contents(split) / photograph.name / f"{number}.jpg", image
    size = scenes.Size(settings.scenes)
    for number, sample in enumerate(scenes.samples(size=size, seed=settings.seed)):
        split = "test" if sample.split == "test" else "train"
        yield data.contents(split) / SCENES / f"{number}.jpg", sample.image
    # "things" is a split of its own: those that classifiers are trained and measured on are others.
    images, _ = shapes(settings.things, seed=settings.seed, split=THINGS)
    for number, image in enumerate((255 * images).to(torch.uint8).permute(0, 2, 3, 1).numpy()):
        yield data.contents("train") / THINGS / f"{number}.jpg", encode_jpeg(np.ascontiguousarray(image), quality=95)


def _styles(data: StyleData, settings: DefaultStyle) -> Iterator[tuple[Path, bytes]]:
    pictures = [p.load() for p in photographs.catalogue() if p.name not in HELD_OUT]
    for number in range(settings.styles + settings.test_styles):
        split = "train" if number < settings.styles else "test"
        style = draw_style(number, seed=settings.seed)
        for variant in range(settings.variants):
            rng = stream(settings.seed, "painted", number, variant)
            if style.family in PAINTERLY and rng.random() < settings.painted:
                image = paint(_cut(pick(rng, pictures), rng), style, variant=variant)
            else:
                image = render_style(style, size=_SIDE, variant=variant)
            path = data.styles(split) / f"{style.family} {number}" / f"{variant}.jpg"
            yield path, encode_jpeg(image, quality=95)


def _compounds(data: StyleData, settings: DefaultStyle) -> Iterator[tuple[Path, bytes]]:
    """What is made of renderings that are written already: of families that the last phases see, one each."""
    seen = data.seen()
    for number in range(settings.compounds):
        rng = stream(settings.seed, "compound", number)
        parts: dict[str, Path] = {}
        for place in rng.permutation(len(seen)).tolist():
            parts.setdefault(seen[place].parent.name.rpartition(" ")[0], seen[place])
            if len(parts) == PARTS:
                break
        image = compound([np.asarray(PIL.Image.open(path)) for path in parts.values()], rng)
        yield data.root / "compounds" / f"{number:05d}.jpg", encode_jpeg(image, quality=95)


def _cut(picture: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A square of the photograph, brought to the renderings' size."""
    side = int(rng.integers(min(picture.shape[:2]) // 2, min(picture.shape[:2]) + 1))
    top, left = (int(rng.integers(extent - side + 1)) for extent in picture.shape[:2])
    part = PIL.Image.fromarray(np.ascontiguousarray(picture[top : top + side, left : left + side]))
    return np.asarray(part.resize((_SIDE, _SIDE), PIL.Image.Resampling.LANCZOS))
