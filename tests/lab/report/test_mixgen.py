"""The page of MixGen's variants."""

import re

import pytest

from impasto import RecipeError
from impasto.sources import Sequence
from impasto_lab.cli import main
from impasto_lab.report.mixgen import write_mixgen_page


@pytest.fixture
def data(photographs, encode):
    images = [encode(photograph[:80, :100]) for photograph in photographs.values()]
    return Sequence([(image, f"caption <{number}>") for number, image in enumerate(images)])


def test_every_variant_of_every_pair_is_shown(data, tmp_path):
    html = write_mixgen_page(data, tmp_path / "mixgen.html", rows=3, size=32).read_text(encoding="utf-8")
    assert html.count('<section class="pair">') == 3
    assert len(re.findall(r'<img src="data:image/jpeg;base64,[^"]{200,}"', html)) == 3 * (2 + 6)
    assert "caption &lt;1&gt;" in html and "caption <1>" not in html
    assert len(re.findall(r"; \d+ tokens kept", html)) == 3 * 2


def test_too_few_samples_are_told(data, tmp_path):
    with pytest.raises(RecipeError, match="4 pairs need 8 samples, and the data set has 6"):
        write_mixgen_page(data, tmp_path / "mixgen.html", rows=4)


def test_the_verb(photographs, encode, tmp_path, capsys):
    for number, photograph in enumerate(photographs.values()):
        (tmp_path / f"{number}.jpg").write_bytes(encode(photograph[:60, :60]))
        (tmp_path / f"{number}.txt").write_text(f"caption {number}")
    out = tmp_path / "page.html"
    assert main(["show", "mixgen", str(tmp_path), "--out", str(out), "--rows", "2"]) == 0
    assert out.read_text(encoding="utf-8").count("variant ") >= 12
    assert "page.html" in capsys.readouterr().out
