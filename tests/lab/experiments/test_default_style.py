"""The model that comes with impasto does what its card says, on contents and styles that it was not trained on."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from impasto import StyleRandomizer
from impasto.progress import silent
from impasto.style import EmbeddingMixture, StyleModel, load_features, style_loss
from impasto.style.model import DEFAULT
from impasto.style.networks.transformer import style_linears
from impasto_lab.experiments.default_style.card import BEGAN, card, rows
from impasto_lab.experiments.default_style.data import _compounds, write
from impasto_lab.experiments.default_style.families import legible, only
from impasto_lab.experiments.default_style.held_out import photographs, strangers, styles, unseen
from impasto_lab.experiments.default_style.palette import give_palette
from impasto_lab.experiments.default_style.running import _styles, began
from impasto_lab.experiments.default_style.settings import UNSEEN, DefaultStyle
from impasto_lab.experiments.default_style.shapes import shapes
from impasto_lab.tasks.train_style import OBJECTIVE_LAYERS
from impasto_lab.worlds.styles import APART, FAMILIES

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_the_card_says_what_is_measured() -> None:
    """On the file as it is: a figure of its header is what somebody wrote there."""
    model = StyleModel.load()
    measures, features = model.about["measures"], load_features("small")

    def layers(images: torch.Tensor) -> list[torch.Tensor]:
        return list(features.extract(images, OBJECTIVE_LAYERS).values())

    wanted, stylize = styles(), StyleRandomizer(model)
    target = layers(wanted)
    for name in ("rocket", "hopper"):
        plain = photographs()[name].expand(len(wanted), -1, -1, -1)
        painted = stylize(plain, styles=wanted, alpha=1.0)
        fall = (style_loss(layers(plain), target) / style_loss(layers(painted), target)).median()
        assert float(fall) == pytest.approx(measures["fall_photographs"][name], rel=0.02)
        assert torch.equal(stylize(plain, styles=wanted, alpha=0.0), plain)
    assert DEFAULT.with_name("README.md").read_text(encoding="utf-8") == card(model)
    assert f"falls by {measures['fall']['trained']:.1f} times" in " ".join(
        (ROOT / "README.md").read_text(encoding="utf-8").split()
    )
    assert model.give_back
    assert isinstance(model.distribution, EmbeddingMixture)
    assert DEFAULT.stat().st_size < 4_000_000


def test_the_shipped_weights_history_is_told_of_them_alone() -> None:
    model = StyleModel.load()
    told = ("725bc87", "What was tried", "of the eighth phase", "an hour and a half", "271 to 298")
    assert all(what in card(model) for what in told)
    model.about["began"] = BEGAN
    assert all(what in card(model) for what in told)
    for origin in (None, "0" * 64):
        model.about["began"] = origin
        written = card(model)
        assert not any(what in written for what in told)
        assert written.startswith("# A style model\n\n`model.safetensors` (") and "## Limits" in written
    assert not any(mark in text for mark in ("[[", "||", "]]") for text in (written, card(StyleModel.load())))


def test_a_header_says_what_a_run_began_with(tmp_path: Path) -> None:
    settings = DefaultStyle.smoke()
    assert began(tmp_path, settings) is None
    for number in (1, 2):
        (tmp_path / f"phase-{number}").mkdir()
        (tmp_path / f"phase-{number}" / "model.safetensors").write_bytes(bytes([number]))
    given = hashlib.sha256(b"\1").hexdigest()
    assert began(tmp_path, settings) == hashlib.sha256(b"\2").hexdigest()
    (tmp_path / "phase-2" / "metrics.jsonl").touch()
    assert began(tmp_path, settings) == given
    (tmp_path / "phase-1" / "metrics.jsonl").touch()
    assert began(tmp_path, settings) is None


def test_colours_come_to_embeddings_that_lost_them(tmp_path: Path) -> None:
    """The transformer begins by not seeing them; a model that has them is left as it is."""
    data = write(tmp_path, DefaultStyle.smoke(), silent)
    model = StyleModel.load()
    model.predictor.fc.weight.data += 0.01  # the colours' six look at other statistics too
    give_palette(model, data, side=32)
    image, weight = torch.rand(1, 3, 32, 32), model.predictor.fc.weight
    assert not weight[-6:, 6:].any()
    assert torch.linalg.matrix_rank(weight[-6:, :6]) == 6
    embedding = model.predictor(image)
    painted = model.transformer(image, embedding)
    embedding[:, -6:] += 1
    assert torch.equal(model.transformer(image, embedding), painted)
    for linear in style_linears(model.transformer):
        linear.weight.data += 0.01
    assert not torch.equal(model.transformer(image, embedding), model.transformer(image, model.predictor(image)))
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    give_palette(model, data, side=32)
    assert all(torch.equal(value, kept[name]) for name, value in model.state_dict().items())


def test_some_families_are_left_out_and_measured_apart(tmp_path: Path) -> None:
    data = write(tmp_path, replace(DefaultStyle.smoke(), styles=40, test_styles=1), silent)
    seen = {path.parent.name.rpartition(" ")[0] for path in data.seen()}
    assert set(FAMILIES[:40]) - seen == set(UNSEEN[:4])
    assert set(UNSEEN) < set(FAMILIES)
    assert unseen().shape == (4 * len(UNSEEN), 3, 128, 128)
    assert strangers().shape == (4 * len(APART), 3, 128, 128)
    measured = (*styles(), *unseen(), *strangers())
    assert len({tuple(style.flatten()[:999].tolist()) for style in measured}) == len(measured)


def test_compounds_are_made_of_families_that_the_last_phases_see(tmp_path: Path) -> None:
    settings = replace(DefaultStyle.smoke(), styles=30, test_styles=1, compounds=5)
    data = write(tmp_path / "a", settings, silent)
    paths = data.compounds()
    assert [path.name for path in paths] == [f"{number:05d}.jpg" for number in range(5)]
    last, first = settings.phases[-1], settings.phases[0]
    assert [len(_styles(data, phase)) for phase in (last, first)] == [len(data.seen()) + 5, 30]
    assert len(_styles(data, replace(last, compounds=False))) == len(data.seen()) < 30
    # Others are left out of what they are made of: without their renderings they are the same.
    for path in data.styles("train").glob("*/*.jpg"):
        if path not in data.seen():
            path.unlink()
    again = dict(_compounds(data, settings))
    assert again == {path: path.read_bytes() for path in paths}


def test_styles_and_strangers_are_measured_together() -> None:
    """The median over all pairs: not the mean of the two medians."""
    measures = StyleModel.load().about["measures"]
    for judge, together in measures["fall_together"].items():
        least, most = sorted((measures["fall"][judge], measures["fall_strangers"][judge]))
        assert least <= together <= most
    wanted = [(value, aim) for name, value, aim in rows(measures) if name.startswith("held-out styles and strangers")]
    assert wanted == [(f"{together:.1f}x", "6x") for together in measures["fall_together"].values()]


def test_random_styles_are_of_families_that_leave_contents_to_be_seen() -> None:
    model, settings = StyleModel.load(), replace(DefaultStyle.smoke(), shapes=300, drawn=0.5)
    model.distribution = only(model.distribution, (0, 7, 20, 31))
    _, labels = shapes(10, seed=settings.seed, split="weighed")
    right = iter((4, 9, 2, 7))  # of ten, family by family

    def name(images: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        told = torch.where(torch.arange(len(images)) < next(right), labels, (labels + 1) % 10)
        return [], torch.nn.functional.one_hot(told, 10)

    kept, named = legible(model, [name], settings, progress=silent)
    assert kept == [1, 3]
    assert named == pytest.approx([0.4, 0.9, 0.2, 0.7])
    mixture = only(model.distribution, kept)
    assert torch.equal(mixture.means, model.distribution.means[kept])
    assert mixture.weights.sum() == pytest.approx(1)
