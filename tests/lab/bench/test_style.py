"""The bench of style randomization: a peer that is what it says, forms that agree, figures that add up."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
import torch

from impasto.errors import RecipeError
from impasto.style import fast
from impasto.style.model import StyleModel
from impasto_lab.bench.answers import AnswersDifferError
from impasto_lab.bench.peers.published_style import Published
from impasto_lab.bench.settings import StyleTiming
from impasto_lab.bench.stylizing import measuring as style
from impasto_lab.bench.stylizing.forms import Form, _restyle, full_size, steps
from impasto_lab.bench.stylizing.memory import peak_bytes

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def model() -> StyleModel:
    return full_size(0)


def test_the_peer_is_the_published_module(model: StyleModel) -> None:
    """As many parameters, its checkpoint's names, and at sizes divisible by four the images that ours makes."""
    peer = Published(model)
    transformer = peer.transformer.state_dict()
    assert len(transformer) == 84
    assert sum(value.numel() for value in transformer.values()) == 1_954_593
    assert {"layers.0.conv.weight", "layers.7.fc_gamma2.bias", "layers.10.fc_beta.weight"} <= set(transformer)
    images, sampled = torch.rand(2, 3, 64, 48), torch.randn(2, 100)
    made = peer(images, sampled, 0.3)
    assert not made.requires_grad
    with torch.no_grad():
        styles = 0.3 * sampled + 0.7 * model.predictor(images)
        assert torch.allclose(made, model.transformer(images, styles), atol=1e-5)
        assert peer(torch.rand(1, 3, 65, 50), sampled[:1], 0.3).shape == (1, 3, 68, 52)  # as published


def test_the_peer_tells_styles_apart(model: StyleModel) -> None:
    """A comparison of images that nothing changes would show nothing."""
    peer, images = Published(model), torch.rand(2, 3, 48, 48)
    base = peer.predictor(images).detach()
    assert float((base[0] - base[1]).abs().max()) > 1e-3
    moved = peer(images, torch.randn(2, 100), 1.0) - peer(images, torch.randn(2, 100), 1.0)
    assert float(moved.abs().mean()) > 0.02


def test_figures_add_up() -> None:
    bench = style.run(StyleTiming(rounds=2, seed=3), workloads=[style.Workload(96, 2)])
    document = bench.as_dict()
    rows = {row["name"]: row for row in document["rows"]}
    assert next(iter(rows)) == "published"
    assert {"no_grad", "channels_last", "folded", "norms", "subpixel", "fast", "torchscript"} < set(rows)
    assert rows["published"]["ratio"] == 1
    assert rows["fast"]["ratio"] == pytest.approx(
        rows["published"]["milliseconds"] / rows["fast"]["milliseconds"], rel=1e-2
    )
    both = rows["fast"]["milliseconds"] + rows["resnet18"]["milliseconds"]
    assert rows["fast"]["share_of_resnet18_step"] == pytest.approx(rows["fast"]["milliseconds"] / both, rel=1e-2)
    assert rows["resnet18"]["ratio"] is None and rows["resnet18"]["share_of_resnet18_step"] is None
    assert rows["compact"]["difference_max"] is None  # another network
    exact = [row for row in rows.values() if row["difference_max"] is not None and row["dtype"] == "float32"]
    assert len(exact) >= 8 and all(row["difference_max"] < 2e-3 for row in exact)
    if "int8" in rows:
        assert rows["int8"]["difference_max"] > 5e-4 and rows["int8"]["difference_mean"] <= 3e-2
    assert rows["no_grad"]["peak_megabytes"] < rows["published"]["peak_megabytes"] / 2
    assert all(len(row["rounds"]) == 2 for row in rows.values())
    assert {"machine", "versions", "command", "seed", "device", "tolerance"} <= set(document)


def test_a_difference_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(*args: Any, **options: Any) -> Any:
        first, *_ = steps(*args, **options)
        yield first
        yield Form("damaged", "damaged", lambda *inputs: first.restyle(*inputs) + 2e-3)

    monkeypatch.setattr(style, "steps", damaged)
    with pytest.raises(
        AnswersDifferError, match=r"damaged: .* one pixel in a thousand differs by 0\.002, more than 0\.0005"
    ):
        style.run(StyleTiming(rounds=1), workloads=[style.Workload(48, 1)])


def test_a_form_that_does_not_compile_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*inputs: Any) -> Any:
        raise RuntimeError("no C++ compiler\nand much more")

    def without(*args: Any, **options: Any) -> Any:
        yield next(iter(steps(*args, **options)))
        yield Form("compile", "compiled", fails)

    monkeypatch.setattr(style, "steps", without)
    bench = style.run(StyleTiming(rounds=1, compile=True), workloads=[style.Workload(48, 1)])
    assert bench.skipped == {"compile": "no C++ compiler"}
    assert [row.name for row in bench.rows] == ["published", "compact"]


def test_compiling_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for ever is broken off; what comes after it isn't begun."""
    begun = []

    def waits(name: str) -> Any:
        def restyle(*inputs: Any) -> Any:
            begun.append(name)
            threading.Event().wait()

        return restyle

    def endless(*args: Any, **options: Any) -> Any:
        yield next(iter(steps(*args, **options)))
        yield Form("compile", "compiled", waits("first"))
        yield Form("further-compile", "compiled", waits("further"))

    monkeypatch.setattr(style, "steps", endless)
    bench = style.run(StyleTiming(rounds=1, compile=True, compile_seconds=0.2), workloads=[style.Workload(48, 1)])
    assert set(bench.skipped) == {"compile", "further-compile"} and begun == ["first"]
    assert "longer than the 0.2 s" in bench.skipped["compile"]


@pytest.mark.parametrize("kind", ["bfloat16", "float16"])
def test_half_precision_is_judged_by_all_pixels(model: StyleModel, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Our half precision passes on a CPU, with one pixel far off too; a tenth more brightness does not."""
    networks = [fast(network, dtype=getattr(torch, kind)) for network in (model.predictor, model.transformer)]

    def forms(damage: Any) -> Any:
        def made(*args: Any, **options: Any) -> Any:
            published = next(iter(steps(*args, **options)))
            yield published
            yield replace(published, name=f"published-{kind}", dtype=kind)
            yield Form(kind, kind, lambda *inputs: damage(_restyle(*networks)(*inputs)), kind)

        return made

    def spoilt(images: torch.Tensor) -> torch.Tensor:
        images = images.clone()
        images[0, 0, 0, 0] += 0.9
        return images

    monkeypatch.setattr(style, "steps", forms(spoilt))
    monkeypatch.setattr(style, "full_size", lambda seed: model)
    bench = style.run(StyleTiming(rounds=1), workloads=[style.Workload(64, 1)])
    (row,) = (row for row in bench.as_dict()["rows"] if row["name"] == kind)
    assert row["difference_max"] > 0.5 and row["dtype"] == kind
    assert row["ratio"] == pytest.approx(bench.ratio(bench.rows[2]), rel=1e-2)
    monkeypatch.setattr(style, "steps", forms(lambda images: images + 0.1))
    with pytest.raises(AnswersDifferError, match=f"{kind}: .* on average differ by 0.1"):
        style.run(StyleTiming(rounds=1), workloads=[style.Workload(64, 1)])


def test_memory_is_counted() -> None:
    values = torch.rand(1000, 250)

    def call() -> torch.Tensor:
        doubled = values * 2
        further = doubled + 1
        del doubled
        return further * 2

    assert peak_bytes(call, CPU) == pytest.approx(2_000_000, abs=1000)


def test_devices_that_cannot_be_timed() -> None:
    with pytest.raises(RecipeError, match="use cpu or cuda"):
        style.run(StyleTiming(device="meta"))
    if not torch.cuda.is_available():
        with pytest.raises(RecipeError, match="torch sees no CUDA device"):
            style.run(StyleTiming(device="cuda"))


@pytest.mark.gpu
def test_forms_agree_on_a_gpu(model: StyleModel) -> None:
    bench = style.run(StyleTiming(device="cuda", rounds=1, compile=False), workloads=[style.Workload(96, 4)])
    names = {row.name for row in bench.rows}
    assert {"float32-graphs", "tf32-graphs", "bfloat16", "bfloat16-graphs", "float16", "float16-graphs"} < names
    assert {"published-tf32", "published-bfloat16", "published-float16", "fast-tf32"} < names
    assert not bench.skipped
