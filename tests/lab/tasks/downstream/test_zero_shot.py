"""Zero-shot classification: scikit-learn's shares, sentences that decide, classes by their folders' names."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, top_k_accuracy_score
from torch import Tensor

from impasto import RecipeError, SourceError, sources
from impasto_lab.cli import main
from impasto_lab.metrics import rank_classes
from impasto_lab.tasks.downstream import Judging, Opened, ZeroShotOptions, evaluate
from impasto_lab.tasks.downstream.zero_shot.naming import embed_classes
from impasto_lab.tasks.downstream.zero_shot.prompts import TEMPLATES

Open = Callable[..., Opened]
COLORS = {"red": (200, 20, 20), "dark_green": (10, 80, 20), "blue": (20, 30, 220)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of one color each, wider than high."""
    root = tmp_path_factory.mktemp("colors") / "data"
    for name, color in COLORS.items():
        (root / name).mkdir(parents=True)
        for number in range(3):
            pixels = np.clip(np.array(color) + 4 * number, 0, 255).astype(np.uint8)
            file = io.BytesIO()
            PIL.Image.fromarray(np.broadcast_to(pixels, (40, 56, 3)).copy()).save(file, "PNG")
            (root / name / f"{number}.png").write_bytes(file.getvalue())
    return root


def test_shares_are_scikit_learn_s() -> None:
    draw = np.random.default_rng(0)
    scores, labels = draw.normal(size=(200, 9)), draw.integers(0, 9, 200)
    scores[np.arange(200), labels] += 1
    found = rank_classes(scores, labels)
    for k in (1, 5):
        assert found.top(k) == pytest.approx(100 * top_k_accuracy_score(labels, scores, k=k))
    mean = sum(found.by_class().values()) / 9
    assert mean == pytest.approx(100 * balanced_accuracy_score(labels, scores.argmax(axis=1)))
    assert rank_classes(np.zeros((3, 2)), [0, 1, 1]).top(1) == 0, "a tie is a miss"
    for wrong, right in ((np.zeros((3, 2)), [0, 1, 2]), (np.zeros((3, 2)), [0]), (np.full((1, 2), np.nan), [0])):
        with pytest.raises(RecipeError):
            rank_classes(wrong, right)


@pytest.mark.parametrize("kind", ["clip", "albef"])
def test_who_knows_the_names_scores_100(
    kind: str, folder: Path, fresh: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An oracle: an image is embedded as its color, a sentence as the color that it names."""
    opened = fresh(kind)
    data = sources.open(folder)
    assert isinstance(data, sources.ImageFolder)
    shown: list[str] = []

    def told(texts: list[str], text: object) -> tuple[Tensor, Tensor]:
        del text
        shown.extend(texts)
        rows = [[name.replace("_", " ") in one for name in COLORS] for one in texts]
        return torch.tensor(rows).long(), torch.ones(len(texts), 3)

    def seen(images: Tensor) -> Tensor:
        colors = torch.tensor(list(COLORS.values())).float()
        pixels = images.mean(dim=(2, 3)) * torch.tensor([0.2686, 0.2613, 0.2758]) + torch.tensor(
            [0.4815, 0.4578, 0.4082]
        )
        return (-torch.cdist(255 * pixels, colors)).softmax(dim=1)

    monkeypatch.setattr(type(opened), "encode", lambda self, texts, text: told(texts, text))
    monkeypatch.setattr(opened.base, "encode_texts", lambda ids, mask: ids.float())
    monkeypatch.setattr(opened.base, "encode_images", seen)
    options = ZeroShotOptions()
    found = evaluate("zero-shot", opened, data, Judging(options=options, batch_size=4, out=tmp_path / "out"))
    assert found["top-1"] == found["class mean"] == found["class dark green"] == 100
    assert "top-5" not in found, "there are three classes"
    assert {TEMPLATES[0].replace("{}", name.replace("_", " ")) for name in COLORS} <= set(shown)
    results = json.loads((tmp_path / "out" / "zero_shot_results.json").read_text())
    assert [one["predicted"][0] for one in results] == [one["class"] for one in results]
    assert [one["image"] for one in results] == list(data.keys)


def test_sentences_are_ensembled_on_the_sphere(fresh: Open) -> None:
    """By numpy, sentence by sentence."""
    opened = fresh("clip", seed=3)
    text = opened.recipe().text
    assert text is not None
    names, templates = ["cat", "old dog"], ["a {}", "the {} there", "{}"]
    with torch.no_grad():
        found = embed_classes(opened, names, templates, device=torch.device("cpu"))
        for row, name in enumerate(names):
            mean = np.zeros(found.shape[1])
            for template in templates:
                ids, mask = opened.encode([template.format(name)], text)
                one = opened.base.text(ids, mask)[0].double().numpy()  # type: ignore[union-attr, operator]
                mean += one / np.linalg.norm(one)
            np.testing.assert_allclose(found[row].numpy(), mean / np.linalg.norm(mean), atol=1e-5)


def test_it_is_a_verb(
    folder: Path, saved: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "templates.txt").write_text("a {} thing\n\nall is {}\n")
    (tmp_path / "names.json").write_text(json.dumps({"red": "crimson"}))
    words = ["evaluate", "zero-shot", str(saved("clip")), "--data", str(folder), "--device", "cpu", "--json", "-"]
    named = ["--templates", str(tmp_path / "templates.txt"), "--names", str(tmp_path / "names.json")]
    assert main([*words, *named, "--crop", "none"]) == 0
    found = json.loads(capsys.readouterr().out)["figures"]
    assert {"class crimson", "class dark green", "class blue"} <= set(found)
    assert found["unknown"] == 100, "its rows are of single letters, and the names of whole words"


def test_what_can_not_be_told(folder: Path, fresh: Open, tmp_path: Path) -> None:
    data, opened = sources.open(folder), fresh("clip")
    file = tmp_path / "given"

    def judged(content: str, option: str) -> None:
        file.write_text(content)
        evaluate("zero-shot", opened, data, Judging(options=ZeroShotOptions(**{option: str(file)})))  # type: ignore[arg-type]

    for content, option, reason in (
        ("a photo of a cat\n", "templates", "has not one {}"),
        ("\n", "templates", "there is no template"),
        ('{"purple": "x"}', "names", "'purple' is no class; there are blue, dark_green, red"),
        ('["red"]', "names", "no JSON object from classes to names"),
        ("[" * 100_000, "names", "it is no JSON: maximum recursion depth"),
    ):
        with pytest.raises(SourceError, match=reason):
            judged(content, option)
    with pytest.raises(SourceError, match="given: what is more than figures can't be written: File exists"):
        evaluate("zero-shot", opened, data, Judging(options=ZeroShotOptions(), out=file))
    with pytest.raises(SourceError, match="has no classes"):
        evaluate("zero-shot", opened, sources.Sequence([(b"", "a cat")]))
