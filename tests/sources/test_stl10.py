"""STL-10's files, read as torchvision reads them; what is wrong with them is said at once."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from torchvision.datasets import STL10

from impasto import ImageRecipe, Loader, Recipe, RecipeError, SourceError, ops, sources


class Unsummed(STL10):
    """torchvision's reader, without the check sums that only the real files have."""

    def _check_integrity(self) -> bool:
        return True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "stl10_binary"
    root.mkdir()
    rng = np.random.default_rng(0)
    for split, count in (("train", 20), ("test", 7), ("unlabeled", 3)):
        rng.integers(0, 256, (count, 3, 96, 96), np.uint8).tofile(root / f"{split}_X.bin")
        if split != "unlabeled":
            rng.integers(1, 11, count, np.uint8).tofile(root / f"{split}_y.bin")
    (root / "class_names.txt").write_text("\n".join("abcdefghij") + "\n")
    (root / "fold_indices.txt").write_text("".join(f"{k} {k + 10} 19 \n" for k in range(10)))
    return root


@pytest.mark.parametrize(("split", "fold"), [("train", None), ("train", 3), ("test", None), ("unlabeled", None)])
def test_rows_are_torchvisions(folder: Path, split: str, fold: int | None) -> None:
    theirs = Unsummed(str(folder.parent), split=split, folds=fold)
    ours = sources.Stl10(folder.parent, split, fold=fold)  # type: ignore[arg-type]
    assert len(ours) == len(theirs)
    for row in range(len(ours)):
        image, label = theirs[row]
        index, at = ours.find(row)
        assert np.array_equal(ops.decode(index.image(at)), np.asarray(image))
        assert index.label(at) == (None if label == -1 else label)


def test_only_the_splits_own_files_are_asked_for(folder: Path) -> None:
    (folder / "unlabeled_X.bin").unlink()
    assert len(sources.open(folder)) == 20
    with pytest.raises(SourceError, match=r"unlabeled_X.bin: the file is missing; .*acoates"):
        sources.Stl10(folder, "unlabeled")


def test_wrong_files(folder: Path) -> None:
    def spoil(name: str, data: bytes, reason: str, **options: int) -> None:
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(data)
        with pytest.raises(SourceError, match=reason):
            sources.Stl10(folder, **options)
        (folder / name).write_bytes(whole)

    labels = bytearray((folder / "train_y.bin").read_bytes())
    spoil("train_X.bin", b"\0" * 27_649, "27649 bytes, which is no number of images")
    spoil("train_y.bin", bytes(labels[:-1]), "19 labels for 20 images")
    labels[4] = 11
    spoil("train_y.bin", bytes(labels), r"image 4 has label 11, which is not in 1\.\.10")
    labels[4] = 0
    spoil("train_y.bin", bytes(labels), "image 4 has label 0")
    spoil("fold_indices.txt", b"0 20\n", r"outside of 0\.\.19", fold=0)
    spoil("fold_indices.txt", b"0 x\n", "no list of numbers", fold=0)
    with pytest.raises(RecipeError, match=r"fold=10 must lie in 0\.\.9"):
        sources.Stl10(folder, fold=10)
    with pytest.raises(RecipeError, match="of the train split"):
        sources.Stl10(folder, "test", fold=0)


def test_a_pickle_carries_no_pixels(folder: Path) -> None:
    data = sources.Stl10(folder)
    before = data.pixels(5)
    pickled = pickle.dumps(data)
    assert len(pickled) < 4096
    again = pickle.loads(pickled)
    assert np.array_equal(again.pixels(5), before)
    np.zeros((20, 3, 96, 96), np.uint8).tofile(folder / "train_X.bin")
    with pytest.raises(SourceError, match="changed"):
        pickle.loads(pickled).pixels(5)


def test_the_loader_reads_it(folder: Path) -> None:
    recipe = Recipe(image=ImageRecipe(size=96, crop="none", dtype="uint8", layout="hwc"), text=None)
    data = sources.Stl10(folder)
    (batch,) = Loader(data, recipe, batch_size=20, seed=0, workers=1)
    assert all(np.array_equal(batch.images[i].numpy(), data.pixels(int(s))) for i, s in enumerate(batch.samples))
    assert batch.labels.tolist() == [data.find(int(row))[0].label(0) for row in batch.samples]
