"""A job's data are known again, and others told from them."""

import json
import os
import shutil

import pytest

from impasto import RecipeError
from impasto.jobs import clean, pack
from impasto.sources import AlbefCaptions


def test_images_that_were_replaced_are_other_data(pairs, tmp_path):
    """By files of the same names: what was made of the old ones is not taken for theirs."""
    for path, _ in pairs[:6]:
        shutil.copy2(path, tmp_path)
    listed = tmp_path / "captions.json"
    listed.write_text(json.dumps([{"image": path.name, "caption": captions} for path, captions in pairs[:6]]))

    def made():
        data = AlbefCaptions(listed, images=tmp_path)
        pack(data, tmp_path / "packed")
        return clean(data, tmp_path / "cleaned", page=False)

    assert made().left_out == made().left_out
    changed = tmp_path / pairs[3][0].name
    changed.write_bytes(b"")
    for job in (pack, clean):
        with pytest.raises(
            RecipeError, match=r"data have other samples \(.*\); choose another folder, or the same data"
        ):
            job(AlbefCaptions(listed, images=tmp_path), tmp_path / {pack: "packed", clean: "cleaned"}[job])
    shutil.copy2(pairs[3][0], changed)
    made()
    os.utime(changed, ns=(0, 0))  # perhaps the same bytes, but nobody has looked
    with pytest.raises(RecipeError, match="an image file's size or time has changed since"):
        made()
