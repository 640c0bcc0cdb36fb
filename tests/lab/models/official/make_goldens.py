"""Runs the official ALBEF, TCL and ViLT on weights and inputs from `filling`, and writes the numbers that come out.

    PYTHONPATH=python:tests python tests/lab/models/official/make_goldens.py ALBEF TCL ViLT

takes clones of salesforce/ALBEF, uta-smile/TCL and dandelin/ViLT, for which packages of today are dressed up as those
of 2021 that they were written for. Needs torch, timm, transformers and pytorch_lightning.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, patch

import torch
from torch import Tensor, distributed, nn

from lab.models.official import filling

GOLDENS = Path(__file__).with_name("goldens.json")


class OldPreTrainedModel(nn.Module):
    """What the official BERT asks of transformers 4.8."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config

    @classmethod
    def from_pretrained(cls, name: str, config: Any) -> OldPreTrainedModel:
        return cls(config)

    def init_weights(self) -> None:
        table = getattr(self, "get_output_embeddings", lambda: None)()
        if table is not None:
            table.weight = self.bert.embeddings.word_embeddings.weight

    def invert_attention_mask(self, mask: Tensor) -> Tensor:
        return (1.0 - mask[:, None, None, :].double()) * -10000.0

    def get_head_mask(self, mask: None, layers: int) -> list[None]:
        return [mask] * layers

    @property
    def dtype(self) -> torch.dtype:
        return torch.float64

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")


def dress_up() -> None:
    """Puts stand-ins where the official code looks for functions that are gone."""
    import transformers
    import transformers.file_utils as file_utils
    import transformers.modeling_utils as modeling_utils
    import transformers.models.bert.modeling_bert  # ViLT's embeddings, before anything is replaced
    import transformers.pytorch_utils as pytorch_utils

    def undecorated(*_: Any, **__: Any) -> Callable[[Any], Any]:
        return lambda function: function

    for name in ("add_code_sample_docstrings", "add_start_docstrings", "add_start_docstrings_to_model_forward"):
        setattr(file_utils, name, undecorated)
    file_utils.replace_return_docstrings = undecorated
    modeling_utils.PreTrainedModel = OldPreTrainedModel
    modeling_utils.apply_chunking_to_forward = pytorch_utils.apply_chunking_to_forward
    modeling_utils.prune_linear_layer = modeling_utils.find_pruneable_heads_and_indices = MagicMock()
    transformers.logging.set_verbosity_error()


def fill(model: nn.Module) -> None:
    """Fills everything that a model's files have, but for counters and positions, and by one name what has two."""
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point() and "cls.predictions.decoder" not in name:
                tensor.copy_(filling.filled(name, tuple(tensor.shape)))


def fusion(clone: Path, *, views: bool) -> dict[str, Any]:
    """One step of ALBEF or TCL."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "models"]:
        del sys.modules[name]
    sys.path.insert(0, str(clone))
    module = importlib.import_module("models.model_pretrain")
    sys.path.remove(str(clone))
    sizes = filling.FUSION
    width, heads = sizes["width"], sizes["heads"]
    bert = types.SimpleNamespace(
        attention_probs_dropout_prob=0.0, hidden_act="gelu", hidden_dropout_prob=0.0, hidden_size=width,
        intermediate_size=4 * width, layer_norm_eps=1e-12, max_position_embeddings=filling.LENGTH,
        num_attention_heads=heads, num_hidden_layers=sizes["text_layers"] + sizes["fusion_layers"], pad_token_id=None,
        type_vocab_size=2, vocab_size=filling.VOCABULARY, fusion_layer=sizes["text_layers"], encoder_width=width,
        chunk_size_feed_forward=0, use_return_dict=True, output_attentions=False, output_hidden_states=False,
        use_cache=False, is_decoder=False, add_cross_attention=False,
    )  # fmt: skip
    module.BertConfig = types.SimpleNamespace(from_json_file=lambda _: bert)
    original = module.VisionTransformer
    module.VisionTransformer = lambda **given: original(
        **given | {"embed_dim": width, "depth": sizes["image_layers"], "num_heads": heads}
    )
    config = {
        "mlm_probability": 0.15, "embed_dim": filling.DIM, "image_res": sizes["image_size"], "vision_width": width,
        "bert_config": "", "temp": filling.TEMPERATURE, "queue_size": filling.QUEUE, "momentum": filling.MOMENTUM,
    }  # fmt: skip
    model = module.ALBEF(text_encoder="", tokenizer=None, config=config, init_deit=False)
    fill(model)
    given = filling.inputs(sizes["image_size"])
    model.mask = lambda *_, **__: (given.masked_ids, given.labels)
    places = iter(given.draws.flatten().tolist())  # of images for captions, then of captions for images

    def multinomial(weights: Tensor, _: int) -> Tensor:
        steps = weights.cumsum(0)
        return torch.searchsorted(steps, steps[-1:] * next(places), right=True)

    text = types.SimpleNamespace(input_ids=given.input_ids, attention_mask=given.attention_mask)
    seen: dict[str, Any] = {}

    def watch(frame: types.FrameType, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is module.ALBEF.forward.__code__:
            seen.update(frame.f_locals)

    images = (given.images, given.other_view) if views else (given.images,)
    with patch.object(torch, "multinomial", multinomial):
        sys.setprofile(watch)
        losses = model(*images, text, alpha=filling.ALPHA)
        sys.setprofile(None)
    torch.autograd.backward(sum(losses))
    terms = {
        "i2t": "loss_i2t", "t2i": "loss_t2i", "i2i": "loss_i2i", "t2t": "loss_t2t", "i2i_local": "loss_i2i_inMod_l",
        "t2t_local": "loss_t2t_inMod_l",
    }  # fmt: skip
    masked = given.labels != -100
    student = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    slow = {name: parameter for name, parameter in model.named_parameters() if not parameter.requires_grad}
    return {
        "losses": dict(zip(("mlm", "ita", "itm"), map(float, losses), strict=True)),
        "terms": {ours: float(seen[theirs]) for ours, theirs in terms.items() if theirs in seen},
        "itm_logits": seen["vl_output"].tolist(),
        "mlm_logits": seen["mlm_output"].logits[masked].tolist(),
        "gradients": filling.norms({name: p.grad for name, p in student.items() if p.grad is not None}),
        "momentum": filling.norms(slow),
        "queue": filling.norms({"image_queue": model.image_queue, "text_queue": model.text_queue}),
        "place": int(model.queue_ptr),
    }


def stand_in(*names: str) -> Iterator[str]:
    """Modules that are there and hold anything."""
    for name in names:
        sys.modules[name] = MagicMock(__path__=[], __spec__=None)
        yield name


def vilt(clone: Path) -> dict[str, Any]:
    """One step of ViLT."""
    for name, folder in (("vilt", clone / "vilt"), ("vilt.modules", clone / "vilt" / "modules")):
        package = types.ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    gone = ("einops", "timm.models.helpers", "timm.models.resnet", "timm.models.resnetv2", "timm.models.registry")
    list(stand_in(*gone, "vilt.modules.dist_utils", "vilt.modules.vilt_utils", "pytorch_lightning"))
    sys.modules["timm.models.registry"].register_model = lambda function: function
    sys.modules["pytorch_lightning"].LightningModule = nn.Module
    layers = types.ModuleType("timm.models.layers")
    import timm.layers

    for name in ("DropPath", "to_2tuple", "trunc_normal_"):
        setattr(layers, name, getattr(timm.layers, name))
    layers.StdConv2dSame = None
    sys.modules["timm.models.layers"] = layers
    module = importlib.import_module("vilt.modules.vilt_module")
    objectives = importlib.import_module("vilt.modules.objectives")
    vit = importlib.import_module("vilt.modules.vision_transformer")
    sizes = filling.VILT
    vit.small = lambda pretrained, config: vit.VisionTransformer(
        img_size=sizes["image_size"], patch_size=sizes["patch"], embed_dim=sizes["width"], depth=sizes["layers"],
        num_heads=sizes["heads"], config=config,
    )  # fmt: skip
    config = {
        "vocab_size": filling.VOCABULARY, "hidden_size": sizes["width"], "num_layers": sizes["layers"],
        "num_heads": sizes["heads"], "mlp_ratio": 4, "max_text_len": filling.LENGTH, "drop_rate": 0.0, "load_path": "",
        "vit": "small", "max_image_len": -1, "test_only": False,
        "loss_names": {"itm": 1, "mlm": 1, "mpp": 0, "vqa": 0, "nlvr2": 0, "irtr": 0},
    }  # fmt: skip
    model_type = module.ViLTransformerSS
    model_type.save_hyperparameters = lambda self: setattr(self, "hparams", types.SimpleNamespace(config=config))
    model_type.log = lambda *_: None
    model_type.device = torch.device("cpu")
    model = model_type(config).double()
    for name in ("mlm_loss", "mlm_accuracy", "itm_loss", "itm_wpa_loss", "itm_accuracy"):
        setattr(model, f"train_{name}", lambda *_: 0)
    fill(model)
    given = filling.inputs(sizes["image_size"])
    batch = {
        "text": [""] * filling.ROWS,
        "text_ids": given.input_ids, "text_labels": given.labels, "text_masks": given.attention_mask,
        "text_ids_mlm": given.masked_ids, "text_labels_mlm": given.labels,
        "image": [given.images], "false_image_0": [given.images[filling.SHOWN]],
    }  # fmt: skip
    matched = torch.tensor([row == shown for row, shown in enumerate(filling.SHOWN)])
    order = torch.argsort(torch.argsort((~matched).long(), stable=True), stable=True)
    with patch.object(torch, "randperm", lambda _: order):
        matching = objectives.compute_itm_wpa(model, batch)
    telling = objectives.compute_mlm(model, batch)
    losses = {"mlm": telling["mlm_loss"], "itm": matching["itm_loss"], "wpa": matching["itm_wpa_loss"]}
    torch.autograd.backward(sum(losses.values()))
    return {
        "losses": {name: float(loss) for name, loss in losses.items()},
        "matched": matching["itm_labels"].bool().tolist(),
        "itm_logits": matching["itm_logits"].tolist(),
        "mlm_logits": telling["mlm_logits"][given.labels != -100].tolist(),
        "gradients": filling.norms({name: p.grad for name, p in model.named_parameters() if p.grad is not None}),
        "transport": transport(objectives),
    }


def transport(objectives: Any) -> list[float]:
    """What carrying costs for vectors and paddings of several numbers."""
    words, patches, word_pad, patch_pad = transport_inputs()
    return objectives.optimal_transport_dist(words, patches, word_pad, patch_pad).tolist()


def transport_inputs() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """[B, M, D], [B, N, D], and what of them is padding."""
    words, patches = filling.filled("words", (5, 7, 16)), filling.filled("patches", (5, 9, 16))
    word_pad = torch.arange(7) >= torch.tensor([7, 1, 4, 2, 6])[:, None]
    patch_pad = torch.arange(9) >= torch.tensor([9, 9, 3, 1, 5])[:, None]
    return words, patches, word_pad, patch_pad


def main(albef: str, tcl: str, vilt_clone: str) -> None:
    """Writes goldens.json."""
    warnings.simplefilter("ignore")
    torch.set_default_dtype(torch.float64)
    dress_up()
    with tempfile.TemporaryDirectory() as folder:
        store = distributed.FileStore(f"{folder}/store", 1)
        distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
        goldens = {
            "albef": fusion(Path(albef), views=False),
            "tcl": fusion(Path(tcl), views=True),
        }
        distributed.destroy_process_group()
    goldens["vilt"] = vilt(Path(vilt_clone))
    GOLDENS.write_text(json.dumps(goldens, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
