"""CLIP's loss against its pseudo-code in float64, and a task that learns."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

import impasto
from impasto.mixgen.losses import clip_loss
from impasto_lab.models import DualEncoder
from impasto_lab.tasks import ContrastiveTask, HeldOut
from impasto_lab.training import FitSettings, fit

RECIPE = impasto.Recipe(image=impasto.ImageRecipe(size=32, crop="none"), text=impasto.TextRecipe(length=16), mix=None)


def _pairs(count: int) -> list[tuple[bytes, list[str]]]:
    """Plain images of distinct colours, two captions each."""
    pairs = []
    for number in range(count):
        file = io.BytesIO()
        color = (37 * number % 256, 91 * number % 256, 151 * number % 256)
        Image.new("RGB", (40, 30), color).save(file, "PNG")
        pairs.append((file.getvalue(), [f"plate number {number}", f"the {number} th plate"]))
    return pairs


def _source(folder: Path, count: int) -> impasto.sources.CocoCaptions:
    import json

    images, annotations = [], []
    for number, (encoded, captions) in enumerate(_pairs(count)):
        (folder / f"{number}.png").write_bytes(encoded)
        images.append({"id": number, "file_name": f"{number}.png"})
        annotations += [
            {"id": 2 * number + place, "image_id": number, "caption": caption} for place, caption in enumerate(captions)
        ]
    path = folder / "captions.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    return impasto.sources.CocoCaptions(path, images=folder)


def _model(**changes: int) -> DualEncoder:
    torch.manual_seed(0)
    sizes = {"image_width": 8, "text_width": 32, "text_layers": 1, "text_length": 16, "dim": 24}
    return DualEncoder(**(sizes | changes))


def test_the_loss_is_the_papers_pseudo_code() -> None:
    rng = np.random.default_rng(1)
    images, texts = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in rng.normal(size=(2, 7, 5)))
    scale = 3.7

    def cross_entropy(logits: np.ndarray, axis: int) -> float:
        exponentials = np.exp(logits)
        return float(np.mean([-np.log(exponentials[i, i] / exponentials.sum(axis=axis)[i]) for i in range(7)]))

    logits = np.dot(images, texts.T) * scale
    expected = (cross_entropy(logits, axis=0) + cross_entropy(logits, axis=1)) / 2
    loss = clip_loss(*(torch.from_numpy(rows) for rows in (images, texts)), torch.tensor(scale, dtype=torch.float64))
    assert loss.item() == pytest.approx(expected, abs=1e-12)


def test_the_scale_stays_in_bounds() -> None:
    task = ContrastiveTask(_model())
    for start, end in ((9.0, 100.0), (-1.0, 1.0), (3.0, np.exp(3.0))):
        task.model.logit_scale.data.fill_(start)
        task.after_step()
        assert task.model.logit_scale.exp().item() == pytest.approx(end)


def test_it_learns_a_few_pairs_by_heart(tmp_path: Path) -> None:
    data = _source(tmp_path, 8)
    held = HeldOut.of(data, RECIPE)
    task = ContrastiveTask(_model(), held)
    loader = impasto.Loader(data, RECIPE, batch_size=8, workers=0)
    before = held.retrieval(task.model).rsum
    done = fit(task, loader, FitSettings(steps=60, lr=3e-3, log_every=5, weight_decay=0.0))
    assert done.records[-1]["loss"] < 0.3 * done.records[0]["loss"]
    assert done.scores["tr@1"] == done.scores["ir@1"] == 100
    assert before < done.scores["rsum"]


def test_held_out_pairs_are_whole_and_complete(tmp_path: Path) -> None:
    data = _source(tmp_path, 5)
    mixed = impasto.Recipe(
        image=impasto.ImageRecipe(size=32, scale=(0.1, 0.2)), text=RECIPE.text, mix=impasto.MixGen(ratio=0.5)
    )
    held = HeldOut.of(data, mixed, batch_size=2)
    assert held.captions == tuple(caption for _, captions in _pairs(5) for caption in captions)
    assert held.image_of.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert held.keys == ("0", "1", "2", "3", "4")
    mean, std = mixed.image.mean_std
    first = (torch.tensor(_color(1)) / 255 - torch.tensor(mean)) / torch.tensor(std)
    assert torch.allclose(held.images[1], first[:, None, None].expand(3, 32, 32), atol=1e-5)

    part = held.subset([3, 1])
    assert part.captions == held.captions[2:4] + held.captions[6:8]
    assert part.image_of.tolist() == [1, 1, 0, 0]
    model = _model().eval()
    columns = [2, 3, 6, 7]
    assert torch.allclose(part.scores(model), held.scores(model)[[3, 1]][:, columns], atol=1e-6)


def _color(number: int) -> list[float]:
    return [37.0 * number % 256, 91.0 * number % 256, 151.0 * number % 256]


def test_a_batch_without_tokens_is_refused(tmp_path: Path) -> None:
    recipe = impasto.Recipe(image=RECIPE.image, text=impasto.TextRecipe(tokenizer=None))
    (batch,) = impasto.Loader(_source(tmp_path, 4), recipe, batch_size=4, workers=0)
    with pytest.raises(impasto.RecipeError, match="tokenizer"):
        ContrastiveTask(_model()).step(batch)


def _plan(lam: float) -> impasto.MixPlan:
    return impasto.plan_at(impasto.MixGen(ratio=0.5, lam=lam), batch_size=4)


def test_partners_may_be_masked_or_shared() -> None:
    """Row 0 is mixed with row 2, row 1 with row 3: written out term by term."""
    draw = torch.Generator().manual_seed(0)
    images, texts = (functional.normalize(torch.randn(4, 8, generator=draw, dtype=torch.float64)) for _ in range(2))
    scale = torch.tensor(7.0, dtype=torch.float64)
    logits = scale * images @ texts.T
    partner = {0: 2, 1: 3, 2: 0, 3: 1}
    masked, soft = 0.0, 0.0
    for table in (logits, logits.T):
        for row in range(4):
            others = [column for column in range(4) if column != partner[row]]
            masked += (torch.logsumexp(table[row, others], 0) - table[row, row]) / 8
            spread = torch.log_softmax(table[row], 0)
            soft -= (spread[row] + 0.7 * spread[partner[row]]) / 1.7 / 8
    assert torch.isclose(clip_loss(images, texts, scale, plan=_plan(0.3), partners="mask"), masked)
    assert torch.isclose(clip_loss(images, texts, scale, plan=_plan(0.3), partners="soft"), soft)
    plain = clip_loss(images, texts, scale)
    assert torch.equal(clip_loss(images, texts, scale, plan=_plan(0.3)), plain)
    assert torch.isclose(clip_loss(images, texts, scale, plan=_plan(1.0), partners="soft"), plain)


def test_correcting_partners_needs_their_plan() -> None:
    features, scale = torch.eye(4), torch.tensor(1.0)
    with pytest.raises(impasto.RecipeError, match=r"plan=batch\.plan$"):
        clip_loss(features, features, scale, partners="mask")
    with pytest.raises(impasto.RecipeError, match="partners='none'"):
        clip_loss(features, features, scale, partners="none")
