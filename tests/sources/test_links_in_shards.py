"""Members of a shard that are names without bytes: links, devices and pipes."""

import io
import pickle
import tarfile

import pytest

from impasto.errors import CaptionError, SourceError
from impasto.sources import WebDataset

LINKS = {"hard": tarfile.LNKTYPE, "symbolic": tarfile.SYMTYPE, "pipe": tarfile.FIFOTYPE, "device": tarfile.CHRTYPE}
FIRST = [("a.jpg", b"image"), ("a.txt", b"A")]


@pytest.fixture
def write(tmp_path):
    def write(members):
        path = tmp_path / "shard.tar"
        with tarfile.open(path, "w") as tar:
            for name, data in members:
                info = tarfile.TarInfo(name)
                if isinstance(data, bytes):
                    info.size = len(data)
                else:
                    info.type, info.linkname = LINKS[data], "a.jpg"
                tar.addfile(info, io.BytesIO(data) if isinstance(data, bytes) else None)
        return path

    return write


@pytest.mark.parametrize("kind", LINKS)
@pytest.mark.parametrize("caption", [b"B", None])
def test_an_image_without_bytes_is_its_row_s_error(write, faults, kind, caption):
    path = write([*FIRST, ("b.jpg", kind), ("b.txt", kind if caption is None else caption)])
    for source in (WebDataset(path), WebDataset(path), pickle.loads(pickle.dumps(WebDataset(path)))):  # one is cached
        assert (
            list(source.keys) == ["a", "b"] and source.index.image(0) == b"image" and source.index.captions(0) == ["A"]
        )
        assert f'member "b.jpg" is a {kind}' in faults(source)["b"].replace("device or a pipe", kind)
        assert faults(source)["b"].count("which is not followed; pack the file itself") == 1 + (caption is None)
        assert source.facts(1) == ({"txt": "B", "captions": ["B"]} if caption else {"captions": []})


def test_a_caption_or_a_label_without_bytes_is_its_row_s_error(write):
    source = WebDataset(write([*FIRST, ("b.jpg", b"image"), ("b.txt", "hard"), ("b.cls", "symbolic")]))
    assert source.index.image(1) == b"image"
    with pytest.raises((CaptionError, SourceError), match="is a hard link"):
        source.index.captions(1)
    with pytest.raises(SourceError, match="is a symbolic link"):
        source.index.label(1)


def test_another_image_is_taken_and_the_rest_is_counted(write):
    members = [*FIRST, ("b.jpg", "hard"), ("b.png", b"png"), ("c.json", "symbolic"), ("d.x", "pipe"), ("e.x", b"")]
    source = WebDataset(write(members))
    assert list(source.keys) == ["a", "b"] and source.index.image(1) == b"png"
    assert source.left_out == {"links": 1, "devices": 1, ".x": 1}


def test_a_tar_that_is_cut_before_any_member_says_so(write):
    path = write(FIRST)
    path.write_bytes(path.read_bytes()[:514])
    with pytest.raises(SourceError, match="the tar is cut in its first member"):
        WebDataset(path)
