"""Folders of images, with captions beside them or as classes."""

import os
import pickle

import pytest
import torchvision

from impasto import sources
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


def test_a_caption_without_an_image_and_one_of_two_are_bad_rows(fill, faults):
    source = ImageTextFolder(fill(dict.fromkeys(("a.jpg", "a.png", "a.txt", "b.gif", "b.txt", "c.txt", "d.jpg"), "")))
    assert list(source.keys) == ["a.jpg", "a.png", "d", "b", "c"]
    assert faults(source) == {
        "a.jpg": "CaptionError: 'a.jpg' and 'a.png' share one caption; rename all but one",
        "a.png": "CaptionError: 'a.jpg' and 'a.png' share one caption; rename all but one",
        "b": "SourceError: the caption has no image beside it but 'b.gif', which is none that is read; add one, or "
        "pass ignore=('b.txt',)",
        "c": "SourceError: the caption has no image beside it; add one, or pass ignore=('c.txt',)",
    }


HIDDEN = {"._x.jpg": "", "._x.txt": "", ".ipynb_checkpoints/x.jpg": "", ".DS_Store": ""}


def test_what_is_hidden_is_no_sample_and_no_class_and_is_counted(fill):
    folder = fill({"cat/x.jpg": "", "cat/x.txt": "a", "cat/notes.md": "", "dog/1.jpe": "", "dog/2.JFIF": "", **HIDDEN})
    source = ImageTextFolder(folder, ignore="*.md")
    assert list(source.keys) == ["cat/x", "dog/2", "dog/1"] or list(source.keys) == ["cat/x", "dog/1", "dog/2"]
    assert source.left_out == {"hidden": 4, "ignored": 1}
    classes = ImageFolder(folder)
    assert classes.classes == ["cat", "dog"] and len(classes) == 3
    assert classes.left_out == {"hidden": 4, ".txt": 1, ".md": 1}
    assert repr(classes).endswith("2 classes, 3 rows; left out: 1 .md, 1 .txt, 4 hidden)")


def test_a_caption_that_is_a_pipe_or_long_is_that_row_s(fill, faults):
    folder = fill({"a.jpg": "", "b.jpg": "", "b.txt": "x" * (1 << 21), "c.jpg": "", "c.txt": "c"})
    os.mkfifo(folder / "a.txt")
    source = ImageTextFolder(folder)
    assert "it is a pipe" in faults(source)["a"] and "too many" in faults(source)["b"]
    assert source.facts(2) == {"path": str(folder / "c.jpg"), "captions": ["c"]}


def test_facts_of_an_image_folder_name_the_class(fill):
    folder = fill({"cat/1.jpg": "", "dog/1.jpg": ""})
    assert ImageFolder(folder).facts(1) == {"path": str(folder / "dog/1.jpg"), "class": "dog", "captions": []}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "the data set is empty: the folder holds no images; check"),
        ({"._a.jpg": "", "b.gif": "", "a.txt": ""}, "no images but 1 hidden, 1 .gif"),
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
    with pytest.raises(SourceError, match=r"class folders hold no images but 1 .jpg, 2 .md, 2 classes without images"):
        ImageFolder(fill({"b/notes.md": "", "c/x.md": ""}))


def test_a_class_without_images_keeps_its_label(fill, rows_of):
    folder = fill({"a/notes.md": "", "b/1.jpg": "", "c/.DS_Store": "", "d/2.jpg": "", "__MACOSX/._1.jpg": ""})
    (folder / "e").mkdir()
    source = ImageFolder(folder)
    assert source.left_out == {"classes without images": 3, "hidden": 2, ".md": 1}
    (folder / "__MACOSX" / "._1.jpg").unlink()
    (folder / "__MACOSX").rmdir()
    expected = torchvision.datasets.ImageFolder(str(folder), allow_empty=True)
    assert [(str(folder / row.path), row.label) for row in rows_of(source, folder)] == expected.samples
    assert source.classes == expected.classes


@pytest.mark.parametrize("here", [".", "./", "", "../images"])
def test_folders_are_the_same_from_within(fill, monkeypatch, here):
    folder = fill({"cat/a/b/1.jpg": "", "cat/2.jpg": "", "dog/a/3.jpg": ""})
    (folder / "dog" / "link").symlink_to(folder / "cat" / "a")
    keys = list(ImageFolder(folder).keys)
    monkeypatch.chdir(folder)
    assert list(ImageFolder(here).keys) == list(sources.open(here).keys) == keys
    (folder / "cat" / "a" / "1.txt").write_text("a caption")
    assert isinstance(sources.open(here), ImageTextFolder)


def test_a_link_that_leads_back_up_is_refused(fill):
    folder = fill({"a/1.jpg": ""})
    (folder / "a" / "up").symlink_to(folder)
    with pytest.raises(SourceError, match="leads back"):
        ImageFolder(folder)


def test_links_in_a_circle_are_found_and_others_followed(fill):
    folder = fill({"a/1.jpg": "", "b/2.jpg": ""})
    (folder / "a" / "b").symlink_to(folder / "b")
    assert len(ImageFolder(folder)) == 3
    (folder / "b" / "a").symlink_to(folder / "a")
    with pytest.raises(SourceError, match="leads back"):
        ImageFolder(folder)
    (folder / "b" / "a").unlink()
    (folder / "a" / "b").unlink()
    (folder / "a" / "self").symlink_to(folder / "a")
    with pytest.raises(SourceError, match="leads back"):
        ImageTextFolder(folder)
