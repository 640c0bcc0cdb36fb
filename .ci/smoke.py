"""Uses an installed wheel with nothing but its declared dependencies: `make check-wheel`."""

from __future__ import annotations

import contextlib
import json
import struct
import subprocess
import sys
import tempfile
import zlib
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

import impasto


def png(pixels: np.ndarray) -> bytes:
    """Encodes [H, W, 3] uint8: the wheel's own dependencies have no encoder."""
    height, width, _ = pixels.shape

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def write_data(folder: Path, draw: np.random.Generator) -> tuple[impasto.sources.CocoCaptions, list[np.ndarray]]:
    images = [draw.integers(0, 256, (40 + row, 60, 3), dtype=np.uint8) for row in range(12)]
    for row, pixels in enumerate(images):
        (folder / f"{row}.png").write_bytes(png(pixels))
    document = {
        "images": [{"id": row, "file_name": f"{row}.png"} for row in range(12)],
        "annotations": [{"id": row, "image_id": row, "caption": f"caption {row}"} for row in range(12)],
    }
    (folder / "captions.json").write_text(json.dumps(document), encoding="utf-8")
    return impasto.sources.CocoCaptions(folder / "captions.json", images=folder), images


#: Of each kind of file that is no Python, one; and both packages.
CONTENTS = {
    "impasto/__init__.pyi",
    "impasto/_core.pyi",
    "impasto/py.typed",
    "impasto/style/weights/default.safetensors",
    "impasto_lab/__init__.py",
    "impasto_lab/py.typed",
    "impasto/jobs/pages/templates/base.html",
    "impasto_lab/report/templates/demo.html",
    "impasto_lab/worlds/photographs/catalogue.toml",
}
LICENSES = {"LICENSE-APACHE", "LICENSE-MIT", "THIRD_PARTY_NOTICES"}


def check_contents() -> None:
    """What is in the wheel: all of both packages, the licences, and nothing of tests, benches or caches."""
    files = {path.as_posix() for path in distribution("impasto").files or ()}
    assert files >= CONTENTS, CONTENTS - files
    assert {path.rpartition("/")[2] for path in files} >= LICENSES, files
    assert any(path.endswith(".cyclonedx.json") for path in files), "there is no bill of what the extension links"
    folders = {path.partition("/")[0] for path in files if not path.startswith("..")}
    assert {folder for folder in folders if ".dist-info" not in folder} == {"impasto", "impasto_lab"}, folders


def main() -> None:
    check_contents()
    folder = Path(tempfile.mkdtemp())
    assert "site-packages" in (impasto.__file__ or ""), f"not the installed wheel: {impasto.__file__}"
    data, images = write_data(folder, np.random.default_rng(0))

    assert (impasto.ops.decode(folder / "3.png") == images[3]).all()

    image = impasto.ImageRecipe(size=32)
    strings = impasto.Recipe(image=image, text=impasto.TextRecipe(tokenizer=None), mix=impasto.MixGen())
    batches = {}
    for workers, processes in ((0, False), (2, False), (2, True)):
        loader = impasto.Loader(data, strings, batch_size=4, workers=workers, processes=processes, seed=7)
        batches[workers, processes] = list(loader)
    first, *others = batches.values()
    assert len(first) == 3
    assert all(batch.images.shape == (4, 3, 32, 32) for batch in first)
    for other in others:
        for one, another in zip(first, other, strict=True):
            assert torch.equal(one.images, another.images)
            assert one.captions == another.captions
    assert " caption " in first[0].captions[0]

    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "caption", *map(str, range(12))]) + "\n")
    bert = impasto.TextRecipe(tokenizer=impasto.BertTokenizer(vocabulary=vocabulary), length=8)
    stock = DataLoader(
        impasto.BatchDataset(data, impasto.Recipe(image=image, text=bert, mix=impasto.MixGen()), seed=7),
        batch_sampler=impasto.BatchSampler(len(data), 4, seed=7),
        num_workers=1,
    )
    for batch, like in zip(stock, first, strict=True):
        assert torch.equal(batch.images, like.images)
        assert batch.captions == like.captions
        assert batch.input_ids[:, 0].eq(2).all()
        assert batch.attention_mask[0].sum() == 6

    # The style model is in the wheel, and needs nothing but torch.
    stylize = impasto.StyleRandomizer.load(alpha=1.0)
    painted = stylize(torch.rand(2, 3, 40, 33, generator=torch.Generator().manual_seed(0)))
    assert painted.shape == (2, 3, 40, 33)
    assert not torch.equal(painted[0], painted[1])

    # What needs an extra says which.
    with contextlib.suppress(impasto.VocabularyError):
        impasto.Loader(data, impasto.Recipe(), batch_size=4)
        raise AssertionError("a CLIP vocabulary was found")
    command = [str(Path(sys.executable).with_name("impasto")), "info", str(folder / "captions.json")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1, done
    assert "pip install 'impasto[cli]'" in done.stderr, done
    assert subprocess.run([command[0], "--help"], capture_output=True).returncode == 0

    broken = impasto.sources.Sequence([(b"<html>", "not an image")])
    with contextlib.suppress(impasto.DecodeError):
        impasto.BatchDataset(broken, strings)[impasto.BatchKey([0])]
        raise AssertionError("HTML was decoded")
    print(f"impasto {impasto.__version__}, {Path(impasto.__file__).parent}: the wheel works")


if __name__ == "__main__":
    main()
