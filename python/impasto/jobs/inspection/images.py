"""The image files of some rows, looked for, read and decoded: a piece of `impasto.jobs.inspect`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from impasto import ops
from impasto.errors import ImpastoError
from impasto.jobs.inspection.report import image_problem, known_problems, spread
from impasto.jobs.job import write_report
from impasto.ops import Image
from impasto.recipe import ImageRecipe
from impasto.sources import Source


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
        files: Rows whose image is a file of its own.
        folder: Where ``images-00000.json`` is written with the piece's number, and nothing returned.
    """

    source: Source
    pieces: Sequence[Sequence[int]]
    decoded: Container[int]
    files: Container[int]
    folder: Path | None = None

    def __call__(self, number: int) -> ImageFindings | None:
        """Looks at one piece."""
        findings = ImageFindings()
        for row in self.pieces[number]:
            look_at_image(self.source, row, findings, file=row in self.files, decode=row in self.decoded)
        if self.folder is None:
            return findings
        write_report(self.report(number), asdict(findings))
        return None

    def report(self, number: int) -> Path:
        """Where a piece's findings are written."""
        assert self.folder is not None
        return self.folder / f"images-{number:05d}.json"


def look_at_image(
    source: Source, row: int, findings: ImageFindings, *, file: bool, decode: bool = True
) -> tuple[bytes, Image] | None:
    """Looks at a row's image, and notes its header and what would go wrong.

    Args:
        source: The data set.
        row: Of the data set.
        findings: What is found is added.
        file: Whether the image is a file of its own.
        decode: Whether it is read and decoded; otherwise its file is looked for, and no more.

    Returns:
        The image's bytes and pixels; None of one that is not decoded.
    """
    try:
        index, place = source.find(row)
        if file and not (path := Path(index.path(place))).is_file():
            state = "is not a file" if path.exists() else "does not exist"
            findings.faults.append([row, "missing image", f"the file {state}"])
            return None
        if not decode:
            return None
        data = index.image(place, ImageRecipe.max_bytes)
        header = ops.probe(data)
        told = (header.format, header.width, header.height, header.orientation, header.channels, header.progressive)
        findings.headers.append([*told, len(data)])
        return data, ops.decode(data)
    except ImpastoError as error:
        findings.faults.append([row, image_problem(error), error.reason])
        return None


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
