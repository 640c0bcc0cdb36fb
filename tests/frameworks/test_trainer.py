"""Hugging Face's Trainer, as its page says, with tiny random models; its other ways are in test_accelerate.py."""

import io
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
import torch
from expected_batches import DATA
from pages import run_page
from torchvision.transforms import v2

from impasto import BatchMixGen, ImageRecipe, Loader, MixGen, Recipe, TextRecipe
from impasto.sources import ImageFolder

transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.filterwarnings("ignore")

RECIPE = Recipe(
    image=ImageRecipe(size=32, scale=(0.3, 1.0)),
    text=TextRecipe(tokenizer="clip", length=20),
    mix=MixGen(ratio=0.25),
)
BICUBIC = PIL.Image.Resampling.BICUBIC
TOWER = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1}


def clip():
    text = {**TOWER, "vocab_size": 49408, "max_position_embeddings": 20, "eos_token_id": 49407, "bos_token_id": 49406}
    vision = {**TOWER, "image_size": 32, "patch_size": 16}
    torch.manual_seed(0)
    return transformers.CLIPModel(transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=8))


@pytest.fixture
def trainer(tmp_path):
    """The page's Trainer, which notes what it trains on."""

    def make(model, data, recipe=RECIPE, form=None, **options):
        page = run_page("huggingface", only=slice(1), recipe=recipe)
        page["inputs"] = form or page["inputs"]

        class Noting(page["Trainer"]):
            def training_step(self, model, inputs, *more):
                self.seen.append({name: torch.as_tensor(value).clone() for name, value in inputs.items()})
                return super().training_step(model, inputs, *more)

        arguments = {"report_to": [], "disable_tqdm": True, "use_cpu": True, "logging_strategy": "no", "seed": 7}
        arguments |= {"per_device_train_batch_size": 8, "per_device_eval_batch_size": 8, "num_train_epochs": 2}
        arguments |= {"save_strategy": "no"} | options
        made = Noting(
            model, transformers.TrainingArguments(tmp_path, **arguments), train_dataset=data, eval_dataset=DATA[:12]
        )
        made.seen = []
        return made

    return make


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_clip_is_trained_evaluated_and_resumed(trainer, tmp_path):
    """From a checkpoint in the middle of the second epoch."""
    saving = {"save_strategy": "steps", "save_steps": 4, "eval_strategy": "epoch"}
    whole = trainer(clip(), DATA, **saving)
    whole.train()
    assert len(whole.seen) == 6 and set(whole.seen[0]) == {
        "pixel_values",
        "input_ids",
        "attention_mask",
        "return_loss",
    }
    losses = [one["eval_loss"] for one in whole.state.log_history if "eval_loss" in one]
    assert len(losses) == 2 and all(0 < loss < 10 for loss in losses)
    resumed = trainer(clip(), DATA, **saving)
    resumed.train(resume_from_checkpoint=str(tmp_path / "checkpoint-4"))
    assert len(resumed.seen) == 2 and all(map(equal, resumed.seen, whole.seen[4:]))
    again = [one["eval_loss"] for one in resumed.state.log_history if "eval_loss" in one]
    assert again == losses  # the first of them is the checkpoint's
    loader = Loader(DATA, RECIPE, batch_size=8, seed=7, form="huggingface")
    for seen, batch in zip(whole.seen, [batch for _ in range(2) for batch in loader], strict=True):
        assert equal(seen, batch | {"return_loss": torch.tensor(True)})


def test_mixed_on_tensors_a_batch_has_the_names_that_models_take():
    batch = next(iter(Loader(DATA, replace(RECIPE, mix=None), batch_size=8, form="huggingface")))
    mixed = BatchMixGen(MixGen(ratio=0.25), adds=())(batch)
    assert mixed.keys() == batch.keys() and not torch.equal(mixed["pixel_values"], batch["pixel_values"])
    assert clip()(**mixed, return_loss=True).loss > 0


def test_the_page(tmp_path):
    """With a checkpoint for the end, after which there is nothing left to train."""
    options = {"report_to": [], "disable_tqdm": True, "use_cpu": True, "per_device_train_batch_size": 8}
    saving = {"save_strategy": "steps", "save_steps": 3, "num_train_epochs": 1, "eval_strategy": "epoch"}
    arguments = transformers.TrainingArguments(tmp_path, **options, **saving)
    page = run_page("huggingface", recipe=RECIPE, model=clip(), arguments=arguments, data=DATA, held_out=DATA[:12])
    assert page["trainer"].state.global_step == 3


def test_evaluation_sees_every_sample_once_and_plain(trainer):
    """Against Pillow and torchvision."""
    run = trainer(clip(), DATA, replace(RECIPE, image=replace(RECIPE.image, exact=True)))
    seen, step = [], run.prediction_step
    run.prediction_step = lambda model, inputs, *more, **options: (
        seen.append(inputs) or step(model, inputs, *more, **options)
    )
    run.evaluate()
    means = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
    plain = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(*means)])
    for row, image in enumerate(torch.cat([inputs["pixel_values"] for inputs in seen])):
        picture = PIL.Image.open(io.BytesIO(DATA.gather(np.array([row])).image(0))).resize((32, 32), BICUBIC)
        torch.testing.assert_close(image, plain(picture), atol=1e-5, rtol=0)
    assert row == 11
    del run.prediction_step
    assert run.predict(DATA[:12]).metrics["test_loss"] == pytest.approx(run.evaluate()["eval_loss"])


def test_labels_make_the_loss(trainer, tmp_path):
    for row in range(24):
        path = tmp_path / "images" / f"kind {row % 3}" / f"{row}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(DATA.gather(np.array([row])).image(0))
    recipe = Recipe(image=RECIPE.image, text=None)
    config = transformers.ViTConfig(**TOWER, image_size=32, patch_size=16, num_labels=3)
    model = transformers.ViTForImageClassification(config)
    run = trainer(model, ImageFolder(tmp_path / "images"), recipe, "huggingface", num_train_epochs=1)
    assert 0 < run.train().training_loss < 3
    labels = torch.cat([inputs["labels"] for inputs in run.seen]).tolist()
    assert set(run.seen[0]) == {"pixel_values", "labels"} and sorted(labels) == sorted([0, 1, 2] * 8)
