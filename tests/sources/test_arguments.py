"""Arguments of a wrong kind raise errors of ours, which name the argument."""

import pytest

from impasto import sources
from impasto.errors import ImpastoError, RecipeError


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda: sources.open(5), "target=5 must be a path"),
        (lambda: sources.open(None), "target=None"),
        (lambda: sources.open(".", images=5), "images=5"),
        (lambda: sources.ImageFolder(5), "images=5"),
        (lambda: sources.ImageTextFolder("", ignore=5), "ignore=5"),
        (lambda: sources.WebDataset(5), "shards=5"),
        (lambda: sources.WebDataset([5]), "shards=5"),
        (lambda: sources.WebDataset("a.tar", caption=5), r"caption must be of kind str, not int \(5\)"),
        (lambda: sources.CsvCaptions(5), "table=5"),
        (lambda: sources.CsvCaptions("a.csv", images=5), "images=5"),
        (lambda: sources.CsvCaptions("a.csv", sep=5), "sep=5"),
        (lambda: sources.KarpathyCaptions("a.json", images="", split=5), "split=5"),
        (lambda: sources.KarpathyCaptions(5, images=""), "json=5"),
        (lambda: sources.CocoCaptions(5, images=""), "annotations=5"),
        (lambda: sources.FlickrCaptions(5, images=""), "captions=5"),
        (lambda: sources.AlbefCaptions([5]), "json=5"),
    ],
)
def test_a_wrong_kind_is_named(call, names):
    with pytest.raises(RecipeError, match=names):
        call()


def test_a_path_with_a_zero_byte():
    for make in (sources.open, sources.AlbefCaptions, sources.ImageFolder, sources.WebDataset):
        with pytest.raises(ImpastoError, match="a"):
            make("a\0b")
