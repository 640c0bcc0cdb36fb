"""Pictures of a style model's training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import PIL.Image
import torch
from torch import Tensor
from torch.nn import functional

from impasto_lab.report.pictures import unnormalize
from impasto_lab.report.plots import curves_png
from impasto_lab.training import read_metrics

#: Parts of objectives that are drawn.
PARTS = ("content", "style", "identity")
_GAP = 4


def style_sheet(contents: Tensor, styles: Tensor | None, painted: Tensor) -> PIL.Image.Image:
    """Every content in every style: styles on top, contents on the left.

    Args:
        contents: [N, 3, H, W] in [0, 1].
        styles: [M, 3, H', W'] in [0, 1]; brought to the contents' size. None leaves their row out.
        painted: [N, M, 3, H, W] in [0, 1].

    Returns:
        A picture of [N + 1, M + 1] cells, edges between them.
    """
    height, width = contents.shape[2:]
    rows: list[Tensor] = []
    if styles is not None:
        shown = functional.interpolate(styles.float(), size=(height, width), mode="bilinear", antialias=True)
        rows.append(torch.cat([torch.ones(1, 3, height, width), shown.cpu()]))
    rows += [
        torch.cat([own[None], row]) for own, row in zip(contents.float().cpu(), painted.float().cpu(), strict=True)
    ]
    framed = functional.pad(torch.stack(rows), [0, _GAP, 0, _GAP], value=1.0)  # [N + 1, M + 1, 3, H, W]
    sheet = framed.permute(2, 0, 3, 1, 4).reshape(1, 3, len(rows) * (height + _GAP), -1)
    return PIL.Image.fromarray(unnormalize(sheet, None)[0])


class TrainingPictures:
    """Keeps pictures and curves of a run: ``pictures/step-00000500.png`` and ``curves.png``, as it goes.

    Args:
        folder: The run's folder, with its ``metrics.jsonl``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, step: int, contents: Tensor, styles: Tensor, painted: Tensor) -> None:
        """Writes a sheet of `style_sheet`, and the curves so far."""
        (self.folder / "pictures").mkdir(parents=True, exist_ok=True)
        style_sheet(contents, styles, painted).save(self.folder / "pictures" / f"step-{step:08d}.png")
        write_curves(self.folder / "curves.png", read_metrics(self.folder / "metrics.jsonl"), PARTS)


def write_curves(path: Path, records: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    """Writes a plot of logged parts of a loss over the steps.

    Args:
        path: The PNG file.
        records: What was logged.
        names: What is drawn; what no record has is left out.
    """
    lines = {}
    for name in names:
        points = [(record["step"], record[name]) for record in records if name in record]
        if points:
            steps, values = zip(*points, strict=True)
            lines[name] = (steps, values)
    path.write_bytes(curves_png(lines, x="step", y="loss"))
