"""A model's file: what is saved is loaded, and what a header asks for is judged before anything is built."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from impasto import CheckpointError, StyleModel
from impasto.style.networks.transformer import Residual, StyleTransformer


@pytest.fixture
def saved(model, tmp_path):
    model.about = {"data": ["rendered"], "steps": 3}
    model.save(tmp_path / "style.safetensors")
    return tmp_path / "style.safetensors"


def change(path, tensors=None, **header):
    """Writes the file again with other texts in its header, or other tensors."""
    with safe_open(path, framework="pt") as file:
        texts = file.metadata() | header
        found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a dict
    save_file(found | (tensors or {}), path, metadata=texts)


def test_what_is_saved_is_loaded(model, saved, images):
    loaded = StyleModel.load(saved)
    assert not loaded.training and loaded.about == {"data": ["rendered"], "steps": 3}
    for name, value in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value)
    with torch.no_grad():
        embeddings = model.predictor(images)
        assert torch.equal(loaded.transformer(images, embeddings), model.transformer(images, embeddings))


def network(**changes):
    config = {"widths": [4, 4, 8], "residuals": 1, "embedding": 6, "kernel": 3}
    return json.dumps(config | changes)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"transformer": network(residuals=10**9)}, "1000000000 residual blocks for a file of"),
        ({"transformer": network(residuals=10**100)}, "residual blocks for a file of"),
        ({"transformer": network(residuals=float("inf"))}, "inf residual blocks"),
        ({"transformer": network(residuals=2)}, r"lacks transformer\.residual\.1"),
        ({"transformer": network(residuals="1")}, "can't be read: TypeError"),
        ({"transformer": network(widths=[10**9] * 3)}, "can't be read"),
        ({"transformer": network(widths=[10**40] * 3)}, "can't be read"),
        ({"transformer": network(widths=[2**62] * 3)}, "can't be read|is expected"),
        ({"transformer": network(widths=[1] * 10**6)}, "three positive numbers|can't be read"),
        ({"transformer": network(embedding=2**40)}, "is expected"),
        ({"transformer": network(layers=3)}, "can't be read: TypeError"),
        ({"transformer": network(bilinear="no")}, "bilinear='no' must be True or False"),
        ({"transformer": "[" * 100_000}, "nested too deeply"),
        ({"about": '{"a":' * 100_000}, "nested too deeply"),
        ({"about": "[]"}, "about is a list, not an object"),
        ({"transformer": '"text"'}, "transformer is a str, not an object"),
        ({"predictor": "{}"}, "can't be read: KeyError"),
        ({"predictor": '{"kind": ["statistics"]}'}, "can't be read: TypeError"),
        ({"predictor": '{"kind": "statistics", "widths": [1e9, 2, 3, 4]}'}, "can't be read: TypeError"),
        ({"predictor": "not json"}, "can't be read"),
        ({"format": "impasto-style-0"}, "not a style model"),
    ],
)
def test_headers_that_make_no_sense(saved, monkeypatch, header, message):
    """Without making one block more than the file has."""
    made = []
    before = Residual.__init__
    monkeypatch.setattr(Residual, "__init__", lambda self, *arguments: (made.append(1), before(self, *arguments))[1])
    change(saved, **header)
    with pytest.raises(CheckpointError, match=message) as caught:
        StyleModel.load(saved)
    assert len(made) <= 2 and str(saved) in str(caught.value) and len(str(caught.value)) < 1000


def test_a_covariance_that_is_none(saved):
    change(saved, {"distribution.covariance": -torch.eye(6)})
    with pytest.raises(CheckpointError, match="not positive semi-definite"):
        StyleModel.load(saved)


def test_nothing_is_built_before_names_fit(saved, monkeypatch):
    """On the meta device alone, where weights take no memory."""
    devices = []
    before = StyleTransformer.__init__

    def noticing(self, **config):
        before(self, **config)
        devices.append(self.paint.conv.weight.device.type)

    monkeypatch.setattr(StyleTransformer, "__init__", noticing)
    change(saved, transformer=network(widths=[4, 4, 9]))
    with pytest.raises(CheckpointError):
        StyleModel.load(saved)
    assert devices == ["meta"]
