"""Office-31 in both layouts, its labels those of torchvision's ImageFolder."""

from __future__ import annotations

from pathlib import Path

import PIL.Image
import pytest
from torchvision.datasets import ImageFolder

from impasto import RecipeError, SourceError, sources


@pytest.fixture(params=["images/", ""])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    for domain, count in (("amazon", 3), ("dslr", 1), ("webcam", 2)):
        for name in ("back_pack", "bike", "mug"):
            folder = tmp_path / domain / request.param / name
            folder.mkdir(parents=True)
            for number in range(count):
                PIL.Image.new("RGB", (9, 7), (50 * number, 9, 9)).save(folder / f"frame_{number:04d}.jpg")
    return tmp_path


def test_rows_and_labels_are_torchvisions(root: Path) -> None:
    for letter, name in (("A", "amazon"), ("D", "dslr"), ("W", "webcam")):
        inner = root / name / "images"
        theirs = ImageFolder(str(inner if inner.is_dir() else root / name))
        ours = sources.Office31(root, letter)
        assert ours.classes == theirs.classes
        found = [(ours.index.path(row), ours.index.label(row)) for row in range(len(ours))]
        assert found == theirs.samples


def test_domains_in_the_order_they_are_asked_for(root: Path) -> None:
    data = sources.Office31(root, "WD")
    assert [data.facts(row)["domain"] for row in (0, 5, 6, 8)] == ["webcam", "webcam", "dslr", "dslr"]
    assert isinstance(sources.open(root), sources.Office31) and len(sources.open(root)) == 18
    assert len(sources.Office31(root, ["dslr"])) == len(sources.Office31(root, "dslr")) == 3


def test_labels_mean_the_same_in_every_domain(root: Path) -> None:
    (bikes,) = list((root / "dslr").rglob("bike"))
    for path in bikes.iterdir():
        path.unlink()
    bikes.rmdir()
    data = sources.Office31(root, "D")
    assert [data.facts(row)["class"] for row in range(2)] == ["back_pack", "mug"] and data.index.label(1) == 2
    assert data.left_out == {"classes without images": 1}


def test_what_is_missing_is_named(root: Path) -> None:
    (root / "dslr").rename(root / "elsewhere")
    with pytest.raises(SourceError, match=r"dslr: the domain's folder is missing.*domainadapt"):
        sources.Office31(root, "AD")
    assert len(sources.Office31(root, "A")) == 9
    for domains in ("X", "AA", ""):
        with pytest.raises(RecipeError, match="domain"):
            sources.Office31(root, domains)
