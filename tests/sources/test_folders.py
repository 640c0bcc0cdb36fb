"""Folders of images, with captions beside them or as classes."""

import pickle

import pytest
import torchvision

from impasto.errors import CaptionError, SourceError
from impasto.sources import ImageFolder, ImageTextFolder


@pytest.fixture
def fill(images):
    def fill(files):
        for name, data in files.items():
            path = images / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return images

    return fill


def test_image_text_folder(fill, rows_of):
    folder = fill({"b.png": "", "b.txt": " two \n", "a/c.JPG": "", "a/c.TXT": "é\nü", "a.jpg": "", "x.json": "{}"})
    assert rows_of(ImageTextFolder(folder), folder) == [
        ("a", "a.jpg", [], None),
        ("b", "b.png", ["two"], None),
        ("a/c", "a/c.JPG", ["é\nü"], None),
    ]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "the data set is empty"),
        ({"a.jpg": "", "README.txt": ""}, r"no image beside it.*ignore=\('README.txt',\)"),
        ({"a.jpg": "", "a.png": "", "a.txt": ""}, "would share one caption"),
    ],
)
def test_what_is_wrong_with_an_image_text_folder(fill, files, says):
    with pytest.raises(SourceError, match=says):
        ImageTextFolder(fill(files))


def test_ignored_files_and_bad_text(fill):
    source = ImageTextFolder(fill({"a.jpg": "", "a.txt": b"\xff", "README.txt": ""}), ignore=["README*"])
    with pytest.raises(CaptionError, match="UTF-8"):
        source.index.captions(0)


def test_image_folder_has_torchvisions_order(fill, rows_of):
    names = ["b/2.jpg", "b/10.jpg", "a c/x.PNG", "a c/sub/y.webp", "a c/sub-1/z.jpg", "a c/sub.jpg", "Z/1.bmp"]
    folder = fill({**dict.fromkeys(names, b""), "notes.md": b"", "b/notes.md": b""})
    source, expected = ImageFolder(folder), torchvision.datasets.ImageFolder(str(folder))
    rows = [(str(folder / row.path), row.label) for row in rows_of(source, folder)]
    assert rows == expected.samples
    assert source.classes == expected.classes
    assert source.index.captions(0) == []
    assert pickle.loads(pickle.dumps(source)).classes == expected.classes


def test_what_is_wrong_with_an_image_folder(fill):
    with pytest.raises(SourceError, match="there are no class folders"):
        ImageFolder(fill({"a.jpg": ""}))
    with pytest.raises(SourceError, match="the class folder holds no images") as caught:
        ImageFolder(fill({"a/1.jpg": "", "b/notes.md": ""}))
    assert caught.value.path.endswith("/b")


def test_a_link_that_leads_back_up_is_refused(fill):
    folder = fill({"a/1.jpg": ""})
    (folder / "a" / "up").symlink_to(folder)
    with pytest.raises(SourceError, match="leads back"):
        ImageFolder(folder)
