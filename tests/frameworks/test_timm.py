"""timm's optimizers, losses and data settings, as its page says, with timm's own smallest model."""

import io

import numpy as np
import PIL.Image
import pytest
import torch
from expected_batches import DATA
from pages import run_page

from impasto.sources import ImageFolder

timm = pytest.importorskip("timm")
pytestmark = pytest.mark.filterwarnings("ignore")
CLASSES = 3


def encoded(row):
    return bytes(DATA.gather(np.array([row])).image(0))


@pytest.fixture
def data(tmp_path):
    for row in range(24):
        path = tmp_path / f"kind {row % CLASSES}" / f"{row:02}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(encoded(row))
    return ImageFolder(tmp_path)


def given(data, epochs):
    sizes = {"name": "test_vit", "classes": CLASSES, "batch_size": 8, "epochs": epochs}
    return {"data": data, "held_out": data, **sizes}


def test_the_page(data):
    seen = []
    hook = torch.nn.modules.module.register_module_forward_pre_hook(
        lambda module, inputs: seen.append(inputs) if isinstance(module, timm.loss.SoftTargetCrossEntropy) else None
    )
    try:
        page = run_page("timm", **given(data, epochs=2))
    finally:
        hook.remove()
    assert len(seen) == 6 and torch.isfinite(page["loss"])
    for _, targets in seen:
        assert targets.shape == (8, CLASSES) and torch.allclose(targets.sum(1), torch.ones(8))
        assert float(targets.min()) == pytest.approx(0.1 / CLASSES, abs=1e-6)
    mixed = torch.cat([targets for _, targets in seen])
    assert ((mixed > 0.04).sum(1) > 1).any()  # of two classes
    assert 0 <= page["top1"] <= 100


def test_validation_is_timms(data):
    """Its own transform, on Pillow's images; the page's recipe with Pillow's pixels."""
    page = run_page("timm", **given(data, epochs=0))
    transform = timm.data.create_transform(**page["config"], is_training=False)
    exact = page["replace"](page["center"], exact=True)
    loader = page["impasto"].Loader.evaluation(data, page["impasto"].Recipe(image=exact, text=None), batch_size=8)
    for batch in loader:
        for image, key in zip(batch.images, batch.keys, strict=True):
            row = int(key.rpartition("/")[2].partition(".")[0])
            expected = transform(PIL.Image.open(io.BytesIO(encoded(row))))
            torch.testing.assert_close(image, expected, atol=1e-5, rtol=0)
