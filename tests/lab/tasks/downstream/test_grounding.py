"""Grounding: maps that are gradients, training and evaluation by the verbs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from torch import Tensor

from impasto import CheckpointError, RecipeError, SourceError, sources
from impasto_lab.cli import main
from impasto_lab.models import Albef, fusion_maps, image_maps
from impasto_lab.models.blocks.attention import Attending
from impasto_lab.tasks.downstream import GroundingOptions, Judging, Opened, TuneSettings, evaluate
from impasto_lab.tasks.downstream.grounding.pointing import begin, heat_maps
from impasto_lab.tasks.downstream.grounding.proposals import Proposals
from impasto_lab.tasks.downstream.looking.drawing import CHOSEN, RIGHT, draw_heat
from impasto_lab.worlds import World

Open = Callable[..., Opened]
SPLITS = "val+testA+testB"


def _expressions(told: World) -> sources.Source:
    return sources.open(told.root / "refcoco+", images=told.images, split=SPLITS)


def _attending(place: tuple[int, int, int, int], much: float) -> Callable[..., Tensor]:
    """Attention written down again, with a bit more at one place of its map."""

    def attend(self: Attending, q: Tensor, k: Tensor, v: Tensor, seen: Any = None, *, causal: bool = False) -> Tensor:
        del causal
        q, k, v = (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in (q, k, v))
        logits = torch.einsum("bhld,bhmd->bhlm", q, k) / math.sqrt(q.shape[-1])
        if seen is not None:
            logits = logits.masked_fill(~seen[:, None, None], -1e30)
        attention = logits.softmax(-1)
        attention[place] += much
        return torch.einsum("bhlm,bhmd->blhd", attention, v).flatten(2)

    return attend


@pytest.mark.parametrize("by", ["itm", "itc"])
def test_maps_are_what_more_attention_adds_to_the_score(by: str, fresh: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """By differences of the score, at every third patch."""
    model = fresh("albef").base.double()
    assert isinstance(model, Albef)
    draw = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn(parameter.shape, generator=draw, dtype=torch.float64)
    side = model.settings.image_size
    images = torch.randn(2, 3, side, side, generator=draw, dtype=torch.float64)
    ids, mask = torch.randint(5, 30, (2, 3), generator=draw), torch.tensor([[1, 1, 1], [1, 1, 0]])

    def score() -> Tensor:
        if by == "itm":
            return model.match(images, ids, mask)[:, 1]
        return (model.encode_images(images) * model.encode_texts(ids, mask)).sum(dim=1)

    if by == "itm":
        part = model.towers.text_encoder.bert.encoder.layer[-1].crossattention.self
        found = fusion_maps(model, score, mask, layer=model.settings.fusion_layers - 1)
    else:
        part = model.towers.visual_encoder.blocks[-1].attn
        found = image_maps(model, score, layer=model.settings.image_layers - 1)
    maps: list[Tensor] = []
    part.keep = maps.append
    with torch.no_grad():
        score()
    part.keep = None
    (attention,) = maps  # [2, heads, L, 1 + P]
    row, tokens = 1, (0, 1) if by == "itm" else (0,)  # of two tokens that are no padding
    patches = range(0, found[row].numel(), 3)
    wanted, tiny = torch.zeros(len(patches), dtype=torch.float64), 1e-5
    for number, patch in enumerate(patches):
        for head in range(part.heads):
            for token in tokens:
                place = (row, head, token, 1 + patch)
                steps = []
                for much in (tiny, -tiny):
                    attend = _attending(place, much)
                    monkeypatch.setattr(part, "attend", attend.__get__(part))
                    with torch.no_grad():
                        steps.append(float(score()[row]))
                slope = (steps[0] - steps[1]) / (2 * tiny)
                wanted[number] += max(0.0, slope) * attention[place] / (part.heads * len(tokens))
    assert (wanted > 0).sum() > len(patches) / 4
    torch.testing.assert_close(found[row].flatten()[::3], wanted, rtol=1e-4, atol=1e-10)


def test_a_map_does_not_depend_on_its_batch(told: World, fresh: Open) -> None:
    data, proposals = _expressions(told)[:9], Proposals(told.root / "refcoco+" / "dets.json")
    for by in ("itm", "itc"):
        options = GroundingOptions(by=by)  # type: ignore[arg-type]
        runs = [
            [one.heat for one in heat_maps(fresh("tcl"), data, proposals, Judging(options=options, batch_size=size))]
            for size in (1, 5)
        ]
        assert len(runs[0]) == len(data)
        torch.testing.assert_close(torch.stack(runs[0]), torch.stack(runs[1]), rtol=1e-3, atol=1e-9)
        assert (torch.stack(runs[0]) > 0).any()


@pytest.mark.parametrize("kind", ["albef", "tcl"])
def test_it_is_trained_and_judged_by_verbs(
    kind: str, told: World, saved: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = told.root / "annotations" / "refcoco+_train.json"
    train = ["train", "grounding", "--from", str(saved(kind)), "--data", str(listed), "--out", str(tmp_path / "run")]
    assert main([*train, "--steps", "2", "--batch-size", "4", "--queue", "8", "--device", "cpu"]) == 0
    capsys.readouterr()
    judged = ["evaluate", "grounding", str(tmp_path / "run"), "--images", str(told.images), "--json", "-"]
    words = [*judged, "--data", str(told.root / "refcoco+"), "--split", SPLITS, "--device", "cpu"]
    assert main([*words, "--out", str(tmp_path / "out"), "--pictures", "2"]) == 0
    found = json.loads(capsys.readouterr().out)["figures"]
    assert set(found) == {"accuracy", "val", "testA", "testB", "reachable", "empty"}
    assert found["reachable"] == 100
    results = json.loads((tmp_path / "out" / "grounding_results.json").read_text())
    assert len(results) == len(_expressions(told))
    right = [one["overlap"] >= 0.5 for one in results]
    assert found["accuracy"] == pytest.approx(100 * sum(right) / len(right))
    assert [one.get("picture") for one in results[:3]] == ["pictures/00000.png", "pictures/00001.png", None]
    with PIL.Image.open(tmp_path / "out" / "pictures" / "00001.png") as picture:
        assert picture.size == (48, 48)
    # ALBEF's list of the same expressions, with the same boxes.
    assert main([*judged, "--data", str(told.root / "annotations" / "refcoco+_test.json"), "--device", "cpu"]) == 0
    again = json.loads(capsys.readouterr().out)["figures"]
    assert {name: again[name] for name in ("testA", "testB")} == {name: found[name] for name in ("testA", "testB")}


def test_a_picture_shows_where_it_is_hot() -> None:
    pixels = np.full((40, 60, 3), 128, np.uint8)
    heat = torch.zeros(4, 6)
    heat[1, 4] = 5.0
    drawn = draw_heat(pixels, heat, [((2, 3, 10, 12), RIGHT), ((30, 5, 6, 6), CHOSEN)]).astype(int)
    assert drawn.shape == (40, 60, 3)
    warmth = drawn[..., 0] - drawn[..., 2]
    assert np.unravel_index(warmth[:, 40:].argmax(), warmth[:, 40:].shape)[0] in range(12, 18)
    assert (drawn[30:, :20] == 128).all(), "gray where it is cold"
    assert tuple(drawn[3, 2]) == RIGHT
    assert tuple(drawn[5, 30]) == CHOSEN
    assert (draw_heat(pixels, torch.zeros(4, 6)) == 128).all()


def test_what_can_not_be_judged(told: World, fresh: Open, tmp_path: Path) -> None:
    data, opened = _expressions(told), fresh("albef")

    def judged(given: sources.Source = data, **options: Any) -> None:
        evaluate("grounding", opened, given, Judging(options=GroundingOptions(**options)))

    def proposed(content: str) -> str:
        (tmp_path / "dets.json").write_text(content)
        return str(tmp_path / "dets.json")

    image = str(data.facts(0)["image_id"])
    with pytest.raises(SourceError, match="it has no boxes for image"):
        judged(proposals=proposed("{}"))
    with pytest.raises(SourceError, match="no JSON object with a list of boxes"):
        judged(proposals=proposed("[]"))
    with pytest.raises(SourceError, match="it is no JSON: maximum recursion depth"):
        judged(proposals=proposed("[" * 100_000))
    with pytest.raises(SourceError, match="box without an area"):
        judged(proposals=proposed(json.dumps({image: [[1, 2, 0, 4]]})))
    with pytest.raises(SourceError, match="no lists of four numbers"):
        judged(proposals=proposed(json.dumps({image: [[1, 2], [1, 2, 3, 4]]})))
    bare = sources.RefCocoList(told.root / "annotations" / "refcoco+_val.json", images=told.images)
    with pytest.raises(SourceError, match="no folder where proposals could lie"):
        judged(bare)
    with pytest.raises(SourceError, match="the expression has no bbox"):
        judged(bare, proposals=str(told.root / "refcoco+" / "dets.json"))
    with pytest.raises(RecipeError, match=r"name one \(out\)"):
        judged(pictures=1)
    with pytest.raises(RecipeError, match="fusion layers"):
        judged(layer=99)
    with pytest.raises(SourceError, match=r"dets\.json: what is more than figures can't be written"):
        evaluate("grounding", opened, data, Judging(options=GroundingOptions(), out=tmp_path / "dets.json"))
    settings, options = TuneSettings(steps=1, batch_size=4), GroundingOptions(layer=99)
    with pytest.raises(RecipeError, match="fusion layers"):
        begin(fresh("albef"), data, settings, Judging(options=options), data)
    with pytest.raises(CheckpointError, match="grounding is for albef, tcl"):
        evaluate("grounding", fresh("vilt"), data)
