"""The papers' sizes, built without memory: as many parameters as theirs have."""

from __future__ import annotations

import torch
from torch import nn

from impasto_lab.models import Albef, Clip, ClipSettings, FusionSettings, Tcl, Vilt, ViltSettings


def _count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_the_papers_sizes_have_the_papers_parameters() -> None:
    with torch.device("meta"):
        clip, vilt = Clip(ClipSettings()), Vilt(ViltSettings())
        fusion = [kind(FusionSettings()) for kind in (Albef, Tcl)]
    # OpenAI's ViT-B/32, and transformers' CLIPModel of the default configuration.
    assert _count(clip) == 151_277_313
    # Transformers' ViltForMaskedLM, which ties the table of words that the published code has a second time.
    assert _count(vilt) - _count(vilt.itm_score) == 112_217_658 + 30_522 * 768
    for model in fusion:
        # Li et al. 2021, section 3.5: 123.7 M of BERT, 85.8 M of ViT-B/16.
        assert round(_count(model.towers.text_encoder) / 1e6, 1) == 123.7
        assert round(_count(model.towers.visual_encoder) / 1e6, 1) == 85.8
        assert model.queue.images.shape == (256, 65_536)
