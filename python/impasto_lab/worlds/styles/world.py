"""Styles as a folder of images, one folder a family."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import PIL.Image

from impasto.errors import RecipeError
from impasto.progress import Progress
from impasto_lab.worlds.formats.layout import MARK, making
from impasto_lab.worlds.styles.catalogue import draw_style
from impasto_lab.worlds.styles.render import SMALLEST, render_style


@dataclass(frozen=True)
class StyleFolder:
    """Styles on disk; ``impasto.sources.ImageFolder(folder.root)`` opens them.

    Attributes:
        root: The folder.
        count: How many images it holds.
        families: How many of each family; its folders.
    """

    root: Path
    count: int
    families: Mapping[str, int]


def render_styles(
    out: str | Path, *, count: int = 300, size: int = 256, seed: int = 0, progress: Progress | None = None
) -> StyleFolder:
    """Renders styles 0 to ``count - 1``, each once.

    The folder appears when it is complete, and replaces a world that was there; any other folder is left alone.
    ``styles.jsonl`` says what each style is, one JSON object a line.

    Args:
        out: The folder to make: ``OUT/family/00012.png``.
        count: How many; at least 1.
        size: Height and width, in pixels; at least 16.
        seed: With count and size, the whole input.
        progress: Called after every image with how many are done and how many there will be.

    Raises:
        RecipeError: If count or size is too small.
        SourceError: If the folder is there and holds something else, or can't be written.
    """
    if count < 1:
        raise RecipeError(f"count={count} is too small; use at least 1")
    if size < SMALLEST:
        raise RecipeError(f"size={size} is too small; use at least {SMALLEST}")
    with making(out) as partial:
        families = _write(partial, count, size, seed, progress)
    return StyleFolder(Path(out), count, families)


def _write(root: Path, count: int, size: int, seed: int, progress: Progress | None) -> dict[str, int]:
    families: Counter[str] = Counter()
    lines = []
    for number in range(count):
        style = draw_style(number, seed=seed)
        path = root / style.family / f"{number:05d}.png"
        path.parent.mkdir(exist_ok=True)
        PIL.Image.fromarray(render_style(style, size=size)).save(path)
        families[style.family] += 1
        lines.append(json.dumps({"file": path.relative_to(root).as_posix(), **asdict(style)}) + "\n")
        if progress:
            progress(number + 1, count)
    (root / "styles.jsonl").write_text("".join(lines), encoding="utf-8")
    about = {"name": "styles", "seed": seed, "size": size, "images": count, "families": dict(families)}
    (root / MARK).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return dict(families)
