"""The image files of some rows, looked for, read and decoded: a piece of `impasto.jobs.inspect`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from impasto import _core
from impasto.errors import ImpastoError
from impasto.jobs.inspection.report import image_problem, known_problems, spread
from impasto.jobs.inspection.rows import find
from impasto.jobs.job import write_report
from impasto.recipe import ImageRecipe
from impasto.sources import IndexedSource, Source


@dataclass
class ImageFindings:
    """What was found in some rows.

    Attributes:
        headers: Of each image that has one: format, width, height, EXIF's orientation, channels, whether it is
            progressive, and the file's bytes.
        faults: Of each that would fail: the row, the kind of problem, and the reason.
    """

    headers: list[list[Any]] = field(default_factory=list)
    faults: list[list[Any]] = field(default_factory=list)

    @classmethod
    def of(cls, document: Any, rows: Sequence[int]) -> ImageFindings:
        """Findings as they were written.

        Args:
            document: What `json.loads` gave.
            rows: The piece's.

        Raises:
            ValueError: If they are no findings of the piece.
            TypeError: Likewise.
        """
        findings = cls(**document)
        headers = all([*map(type, header)] == [str, int, int, int, int, bool, int] for header in findings.headers)
        faults = all(row in rows and kind in known_problems() for row, kind, _ in findings.faults)
        if not headers or not faults or max(len(findings.headers), len(findings.faults)) > len(rows):
            raise ValueError("it holds no findings of its rows")
        return findings


@dataclass(frozen=True, eq=False)
class ImageInspector:
    """Looks at a piece's images.

    Args:
        source: The data set.
        pieces: The rows of each piece.
        decoded: Rows whose images are read and decoded; of the others only the file is looked for.
        folder: Where ``images-00000.json`` is written with the piece's number, and nothing returned.
    """

    source: Source
    pieces: Sequence[Sequence[int]]
    decoded: frozenset[int]
    folder: Path | None = None

    def __call__(self, number: int) -> ImageFindings | None:
        """Looks at one piece."""
        findings = ImageFindings()
        for row in self.pieces[number]:
            self._look_at(row, findings)
        if self.folder is None:
            return findings
        write_report(self.report(number), asdict(findings))
        return None

    def report(self, number: int) -> Path:
        """Where a piece's findings are written."""
        assert self.folder is not None
        return self.folder / f"images-{number:05d}.json"

    def _look_at(self, row: int, findings: ImageFindings) -> None:
        if has_files(self.source) and not (path := Path(find(self.source, row)[0].path(row))).is_file():
            state = "is not a file" if path.exists() else "does not exist"
            findings.faults.append([row, "missing image", f"the file {state}"])
        elif row in self.decoded:
            try:
                _decode(self.source, row, findings)
            except ImpastoError as error:
                findings.faults.append([row, image_problem(error), error.reason])


def has_files(source: Source) -> bool:
    """Whether each image is a file of its own."""
    return isinstance(source, IndexedSource) and source.image_files


def header_statistics(headers: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """`Report.headers` of the images whose headers are given."""
    formats, widths, heights, turns, channels, progressive, sizes = list(zip(*headers, strict=True)) or [()] * 7
    return {
        "checked": len(headers),
        "formats": dict(Counter(formats).most_common()),
        "width": spread(widths, "median"),
        "height": spread(heights, "median"),
        "megapixels": spread([w * h / 1e6 for w, h in zip(widths, heights, strict=True)], "median"),
        "kilobytes": spread([size / 1e3 for size in sizes], "median"),
        "progressive": sum(progressive),
        "rotated": sum(turn > 1 for turn in turns),
        "channels": {str(count): n for count, n in sorted(Counter(channels).items())},
    }


def _decode(source: Source, row: int, findings: ImageFindings) -> None:
    recipe = ImageRecipe()
    index, place = find(source, row)
    data = index.image(place, recipe.max_bytes)
    header = _core.probe(data)
    told = (header.format, header.width, header.height, header.orientation, header.channels, header.progressive)
    findings.headers.append([*told, len(data)])
    _core.decode(
        data,
        exif=recipe.exif,
        max_pixels=recipe.max_pixels,
        max_bytes=recipe.max_bytes,
        max_scans=recipe.max_scans,
        truncated=recipe.truncated,
    )
