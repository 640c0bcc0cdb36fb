"""The dual encoder: unit vectors, padding that is not seen, gradients everywhere, one sample as in a batch."""

import math

import pytest
import torch

from impasto_lab.models import DualEncoder


@pytest.fixture
def model() -> DualEncoder:
    torch.manual_seed(0)
    return DualEncoder(image_width=8, text_width=32, text_layers=2, text_length=20, vocabulary=100, dim=24)


def _texts() -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.randint(1, 100, (4, 20), generator=torch.Generator().manual_seed(1))
    mask = (torch.arange(20) < torch.tensor([[20], [3], [11], [1]])).long()
    return ids * mask, mask


def test_embeddings_are_unit_vectors(model: DualEncoder) -> None:
    images, texts, scale = model(torch.randn(4, 3, 48, 32), *_texts())
    assert images.shape == texts.shape == (4, 24)
    assert torch.allclose(images.norm(dim=1), torch.ones(4))
    assert torch.allclose(texts.norm(dim=1), torch.ones(4))
    assert scale.item() == pytest.approx(1 / 0.07)
    assert model.logit_scale.item() == pytest.approx(math.log(1 / 0.07))


def test_padding_is_not_seen(model: DualEncoder) -> None:
    ids, mask = _texts()
    noise = torch.where(mask.bool(), ids, torch.full_like(ids, 77))
    assert torch.allclose(model.encode_texts(ids, mask), model.encode_texts(noise, mask), atol=1e-6)


def test_a_row_is_the_same_alone(model: DualEncoder) -> None:
    model.eval()
    images, (ids, mask) = torch.randn(4, 3, 32, 32), _texts()
    together, texts = model.encode_images(images), model.encode_texts(ids, mask)
    for row in range(4):
        one = slice(row, row + 1)
        assert torch.allclose(model.encode_images(images[one]), together[one], atol=1e-5)
        assert torch.allclose(model.encode_texts(ids[one], mask[one]), texts[one], atol=1e-5)


def test_all_parameters_have_gradients(model: DualEncoder) -> None:
    images, texts, scale = model(torch.randn(4, 3, 32, 32), *_texts())
    (scale * images @ texts.T).logsumexp(dim=1).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_order_and_place_matter(model: DualEncoder) -> None:
    model.eval()
    ids, mask = _texts()
    turned = ids.clone()
    turned[0] = ids[0].flip(0)
    assert not torch.allclose(model.encode_texts(ids, mask)[0], model.encode_texts(turned, mask)[0], atol=1e-4)
    image = torch.zeros(1, 3, 48, 48)
    image[..., :16, :16] = 2
    mirrored = image.flip(-1)
    assert not torch.allclose(model.encode_images(image), model.encode_images(mirrored), atol=1e-3)


@pytest.mark.parametrize("size", [32, 33, 40, 56, 63, 72])
def test_images_may_have_any_size_from_32_on(model: DualEncoder, size: int) -> None:
    assert model.encode_images(torch.randn(2, 3, size, 32)).shape == (2, 24)
    assert model.encode_images(torch.randn(2, 3, 48, size)).shape == (2, 24)
