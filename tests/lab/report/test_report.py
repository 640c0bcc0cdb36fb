"""Pages stand alone and escape what they show; pictures and tokens are what they were."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import impasto
from impasto.jobs import data_uri
from impasto_lab.report import bars, curves, unnormalize, words, write_page
from impasto_lab.report.plots import ACCENT, panels_png


def _decoded(uri: str) -> Image.Image:
    kind, _, content = uri.partition(";base64,")
    assert kind in ("data:image/jpeg", "data:image/png")
    return Image.open(io.BytesIO(base64.b64decode(content)))


def test_a_batch_is_shown_as_it_was_loaded() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (3, 5, 7, 3), dtype=np.uint8)
    for normalize in ("clip", "inception", None):
        images = torch.from_numpy(impasto.ops.normalize(pixels, normalize))
        assert (unnormalize(images, normalize) == pixels).all()


def test_a_picture_keeps_its_shape_and_color() -> None:
    pixels = np.full((300, 900, 3), (200, 80, 40), np.uint8)
    shown = _decoded(data_uri(pixels, longest=450))
    assert shown.size == (450, 150)
    assert np.abs(np.asarray(shown, int) - (200, 80, 40)).max() <= 3


def test_lines_of_all_panels_are_drawn_whole() -> None:
    low, high = (
        {"plain": ([0, 1], [1, 1]), "mixed": ([0, 1], [1, 1])},
        {"plain": ([0, 1], [1, 1]), "mixed": ([0, 1], [0, 9])},
    )
    png = panels_png({"first": low, "second": high}, x="steps", y="RSUM", columns=2)
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    accent = np.array([int(ACCENT[place : place + 2], 16) for place in (1, 3, 5)])
    rows, columns = np.nonzero(np.abs(pixels - accent).sum(axis=2) < 40)
    assert np.ptp(columns[columns > pixels.shape[1] / 2]) > 0.25 * pixels.shape[1]
    assert np.ptp(rows[columns > pixels.shape[1] / 2]) > 0.5 * pixels.shape[0]


def test_a_line_of_one_point_is_seen() -> None:
    png = panels_png({"only": {"plain": ([5], [2]), "mixed": ([5], [9])}}, x="steps", y="RSUM", columns=1)
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    accent = np.array([int(ACCENT[place : place + 2], 16) for place in (1, 3, 5)])
    rows, _ = np.nonzero(np.abs(pixels - accent).sum(axis=2) < 40)
    assert len(np.unique(rows)) > 4, "the point, beside the legend's line"


def test_plots_are_pictures_and_the_same_each_time() -> None:
    lines = {"with": ([1, 2, 3], [3.0, 2.0, 1.5]), "without": ([1, 2, 3], [3.0, 2.5, 2.2])}
    assert min(_decoded(curves(lines, x="step", y="loss")).size) > 400
    assert curves(lines, x="step", y="loss") == curves(lines, x="step", y="loss")
    few, many = (bars({f"loader {n}": 10.0 * n for n in range(1, count)}, unit="images/s") for count in (3, 9))
    assert _decoded(many).size[1] > _decoded(few).size[1]


captions = st.lists(
    st.sampled_from(["a", "motorbike", "cat,", "Région-based", "np.zeros_like(coins)", "😀", "it's", "&amp;", "12:30"]),
    max_size=12,
).map(" ".join)


@given(captions, st.integers(2, 40))
def test_words_ids_are_the_row(caption: str, length: int) -> None:
    recipe = impasto.TextRecipe(length=length)
    row = impasto.ops.tokenize(caption, length=length)
    shown = words(caption, recipe)
    flat = [number for word in shown for number in word.ids]
    assert flat == row.input_ids[0, : int(row.attention_mask.sum())].tolist()
    assert (shown[0].frame, shown[-1].frame) == (True, True)
    assert not any(word.frame for word in shown[1:-1])


def test_a_page_escapes_stands_alone_and_refuses_gaps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "page.html").write_text("<p>{{ caption }}</p><img src='{{ picture }}'>")
    monkeypatch.setattr("impasto_lab.report.page.__file__", str(tmp_path / "page.py"))
    path = write_page(tmp_path / "r.html", "page.html", caption="<script>x</script>", picture="data:image/png;base64,")
    assert "&lt;script&gt;" in path.read_text()
    assert [file.name for file in tmp_path.glob("*.partial")] == []
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        write_page(tmp_path / "r.html", "page.html", caption="no picture")
    with pytest.raises(impasto.SourceError, match="can't be written"):
        write_page(tmp_path / "no" / "r.html", "page.html", caption="", picture="")


def test_the_templates_fetch_nothing() -> None:
    import impasto_lab.report

    for path in Path(impasto_lab.report.__file__).with_name("templates").glob("*.html"):
        assert not re.search(r"https?:|src=\"(?!\{\{)|<script|@import|<link", path.read_text()), path.name
