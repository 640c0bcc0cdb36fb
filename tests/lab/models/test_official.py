"""The models against the numbers that the official code gave for the same weights and inputs, in float64.

`official/make_goldens.py` runs that code. Every tensor's gradient is compared, so what is detached here is there too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from impasto_lab.models import Albef, FusionDraw, FusionSettings, MaskedWords, Tcl, Vilt, ViltDraw, ViltSettings
from impasto_lab.models.checkpoints import fusion
from impasto_lab.models.losses import transport_plan
from lab.models.official import filling

GOLDENS: dict[str, Any] = json.loads(Path(__file__).with_name("official").joinpath("goldens.json").read_text())
CLOSE = {"rel": 1e-5, "abs": 1e-8}


def _fill(model: nn.Module, official: dict[str, str]) -> None:
    """Fills a model by the official names of its tensors, which are given by ours."""
    with torch.no_grad():
        for name, tensor in model.double().state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(filling.filled(official[name], tuple(tensor.shape)))


def _official_names(model: nn.Module) -> dict[str, str]:
    """The official names by ours, as the map of published files has it."""
    names = {}
    for ours in model.state_dict():
        tower, _, rest = ours.partition(".")
        part, _, inner = rest.partition(".")
        candidate = {"towers": f"{part}.{inner}", "teacher": f"{part}_m.{inner}"}.get(tower, ours)
        candidate = {"queue.images": "image_queue", "queue.texts": "text_queue", "queue.place": "queue_ptr"}.get(
            ours, candidate
        )
        assert list(fusion.ours({candidate: torch.zeros(1)}, "")) == [ours]
        names[ours] = candidate
    return names


def _close(found: Any, expected: Any) -> bool:
    found, expected = (torch.as_tensor(part, dtype=torch.float64) for part in (found, expected))
    return bool(torch.allclose(found, expected, rtol=CLOSE["rel"], atol=CLOSE["abs"]))


def _masked(given: filling.Inputs) -> MaskedWords:
    return MaskedWords(given.masked_ids, given.labels)


@pytest.mark.parametrize(("name", "kind"), [("albef", Albef), ("tcl", Tcl)])
def test_a_step_is_the_official_one(name: str, kind: type[Albef]) -> None:
    golden, sizes = GOLDENS[name], filling.FUSION
    settings = FusionSettings(
        vocabulary=filling.VOCABULARY, image_size=sizes["image_size"], patch=sizes["patch"],
        image_width=sizes["width"], image_layers=sizes["image_layers"], image_heads=sizes["heads"],
        text_length=filling.LENGTH, text_width=sizes["width"], text_layers=sizes["text_layers"],
        fusion_layers=sizes["fusion_layers"], text_heads=sizes["heads"], dim=filling.DIM, queue=filling.QUEUE,
        momentum=filling.MOMENTUM, temperature=filling.TEMPERATURE, dropout=0.0,
    )  # fmt: skip
    model = kind(settings)
    official = _official_names(model)
    _fill(model, official)
    given = filling.inputs(sizes["image_size"])
    draw = FusionDraw(_masked(given), given.draws[0], given.draws[1])
    model.follow()  # the official step begins with what ours ends with
    other = given.other_view if kind is Tcl else None
    seen: dict[str, Tensor] = {}
    model.itm_head.register_forward_hook(lambda _, __, logits: seen.update(itm=logits))
    losses = model(given.images, given.input_ids, given.attention_mask, draw, alpha=filling.ALPHA, other_view=other)
    for part, expected in (golden["losses"] | (golden["terms"] if kind is Tcl else {})).items():
        assert losses[part].item() == pytest.approx(expected, **CLOSE), part
    assert _close(seen["itm"].detach(), golden["itm_logits"])
    assert _close(model.tell(given.images, draw.masked, given.attention_mask).detach(), golden["mlm_logits"])

    (losses["ita"] + losses["itm"] + losses["mlm"]).backward()
    parameters = {official[ours]: parameter for ours, parameter in model.named_parameters()}
    gradients = {name: p.grad for name, p in parameters.items() if p.grad is not None}
    assert filling.norms(gradients) == pytest.approx(golden["gradients"], **CLOSE)
    slow = {name: p for name, p in parameters.items() if not p.requires_grad}
    assert filling.norms(slow) == pytest.approx(golden["momentum"], **CLOSE)
    queue = {"image_queue": model.queue.images, "text_queue": model.queue.texts}
    assert filling.norms(queue) == pytest.approx(golden["queue"], **CLOSE)
    assert model.queue.place.item() == golden["place"]


def test_a_step_of_vilt_is_the_official_one() -> None:
    golden, sizes = GOLDENS["vilt"], filling.VILT
    settings = ViltSettings(
        vocabulary=filling.VOCABULARY, image_size=sizes["image_size"], patch=sizes["patch"], width=sizes["width"],
        layers=sizes["layers"], heads=sizes["heads"], text_length=filling.LENGTH, dropout=0.0,
    )  # fmt: skip
    model = Vilt(settings)
    _fill(model, {name: name for name in model.state_dict()})
    given = filling.inputs(sizes["image_size"])
    shown = torch.tensor(filling.SHOWN)
    assert (shown == torch.arange(len(shown))).tolist() == golden["matched"]
    losses = model(given.images, given.input_ids, given.attention_mask, ViltDraw(_masked(given), shown))
    # Alignment is computed in float32, as published, where gradients keep fewer digits.
    assert {name: loss.item() for name, loss in losses.items()} == pytest.approx(golden["losses"], rel=1e-5)
    assert _close(
        model.match(given.images[shown], given.input_ids, given.attention_mask).detach(), golden["itm_logits"]
    )
    assert _close(model.tell(given.images, _masked(given), given.attention_mask).detach(), golden["mlm_logits"])
    sum(losses.values()).backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert filling.norms(gradients) == pytest.approx(golden["gradients"], rel=1e-4, abs=1e-6)


def test_what_carrying_costs_is_the_official_number() -> None:
    words, patches = filling.filled("words", (5, 7, 16)), filling.filled("patches", (5, 9, 16))
    real_words = torch.arange(7) < torch.tensor([7, 1, 4, 2, 6])[:, None]
    real_patches = torch.arange(9) < torch.tensor([9, 9, 3, 1, 5])[:, None]
    costs = 1 - torch.nn.functional.normalize(words, dim=-1) @ torch.nn.functional.normalize(patches, dim=-1).mT
    costs = costs * (real_words[:, :, None] & real_patches[:, None, :])
    plan = transport_plan(costs, real_words, real_patches)
    assert _close((costs * plan).sum(dim=(1, 2)), GOLDENS["vilt"]["transport"])
