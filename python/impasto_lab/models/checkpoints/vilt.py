"""ViLT's files: the official names, which are the model's, and Hugging Face's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from torch import Tensor

from impasto.errors import CheckpointError
from impasto_lab.models.checkpoints.encoders import VIT_LAYER_RULES
from impasto_lab.models.checkpoints.reading import fill, read_config, read_tensors
from impasto_lab.models.checkpoints.renaming import Rule, joined, parted, renamed
from impasto_lab.models.settings import ViltSettings
from impasto_lab.models.vilt import Vilt

_HEAD = 64
_PARTS = ("attn.query.", "attn.key.", "attn.value.")
_HF: tuple[Rule, ...] = (
    (r"vilt\.embeddings\.text_embeddings\.position_ids", None),
    (r"vilt\.embeddings\.(text_embeddings|token_type_embeddings)\.(.*)", r"\1.\2"),
    (r"vilt\.pooler\.(.*)", r"pooler.\1"),
    (r"mlm_score\.decoder\.bias", "mlm_score.bias"),
    *((rf"vilt\.{pattern}", rf"transformer.{ours}") for pattern, ours in VIT_LAYER_RULES),
)
_OFFICIAL: tuple[Rule, ...] = ((r"text_embeddings\.position_ids", None),)
_FRESH = {"mlm_score": "masked words", "itm_score": "matching"}
_HF_LAYER = {
    "attn.query": "attention.attention.query", "attn.key": "attention.attention.key",
    "attn.value": "attention.attention.value", "attn.proj": "attention.output.dense", "norm1": "layernorm_before",
    "norm2": "layernorm_after", "mlp.fc1": "intermediate.dense", "mlp.fc2": "output.dense",
}  # fmt: skip
_HF_NAMES: tuple[Rule, ...] = (
    (r"(text_embeddings|token_type_embeddings)\.(.*)", r"vilt.embeddings.\1.\2"),
    (r"transformer\.cls_token", "vilt.embeddings.cls_token"),
    (r"transformer\.pos_embed", "vilt.embeddings.position_embeddings"),
    (r"transformer\.patch_embed\.proj\.(.*)", r"vilt.embeddings.patch_embeddings.projection.\1"),
    (r"transformer\.norm\.(.*)", r"vilt.layernorm.\1"),
    (r"pooler\.(.*)", r"vilt.pooler.\1"),
    (r"mlm_score\.bias", "mlm_score.decoder.bias"),
    (r"itm_score\..*", None),
)


def load_vilt(path: str | Path) -> tuple[Vilt, tuple[str, ...]]:
    """A ViLT, official or Hugging Face's; its sizes are read from the weights.

    Hugging Face's files have no head for matching, and some have none for masked words: those begin anew.

    Args:
        path: The file, or a folder of Hugging Face's.

    Returns:
        The model, and what begins anew: ``"masked words"``, ``"matching"``, or neither.

    Raises:
        CheckpointError: If it is missing, damaged, of another model, or tuned to a task with a head of its own.
    """
    tensors, config = read_tensors(path), read_config(path)
    theirs = any(name.startswith("vilt.") for name in tensors)
    given = joined(renamed(tensors, _HF if theirs else _OFFICIAL), _PARTS, "attn.qkv.")
    try:
        model = Vilt(_settings(given, config))
    except KeyError as error:
        raise CheckpointError(f"it lacks {error}; it is damaged, or of another model", path=str(path)) from error
    fresh = [head for head in _FRESH if not any(name.startswith(f"{head}.") for name in given)]
    if "mlm_score" not in fresh and "mlm_score.decoder.weight" not in given:  # tied, and there once
        given["mlm_score.decoder.weight"] = given["text_embeddings.word_embeddings.weight"].clone()
    own = model.state_dict()
    fill(model, {name: t for name, t in own.items() if name.startswith(tuple(fresh))} | given, path)
    return model.eval(), tuple(_FRESH[head] for head in fresh)


def _settings(given: dict[str, Tensor], config: dict[str, Any]) -> ViltSettings:
    vocabulary, width = given["text_embeddings.word_embeddings.weight"].shape
    patch = given["transformer.patch_embed.proj.weight"].shape[-1]
    side = round((given["transformer.pos_embed"].shape[1] - 1) ** 0.5)
    return ViltSettings(
        vocabulary=vocabulary,
        image_size=side * patch,
        patch=patch,
        width=width,
        layers=sum(name.endswith(".norm1.weight") for name in given),
        heads=config.get("num_attention_heads", max(width // _HEAD, 1)),
        text_length=len(given["text_embeddings.position_embeddings.weight"]),
        dropout=config.get("hidden_dropout_prob", 0.0),
    )


def vilt_for_transformers(model: Vilt) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """A ViLT's tensors and ``config.json`` as Hugging Face's ``ViltForMaskedLM`` reads them; it matches no pairs."""
    tensors = {}
    for name, tensor in parted(model.state_dict(), "attn.qkv.", _PARTS).items():
        found = re.fullmatch(r"transformer\.blocks\.(\d+)\.(.*)\.(weight|bias)", name)
        if found:
            name = f"vilt.encoder.layer.{found[1]}.{_HF_LAYER[found[2]]}.{found[3]}"
        tensors[name] = tensor
    s = model.settings
    config = {
        "architectures": ["ViltForMaskedLM"], "model_type": "vilt", "vocab_size": s.vocabulary, "hidden_size": s.width,
        "num_hidden_layers": s.layers, "num_attention_heads": s.heads, "intermediate_size": 4 * s.width,
        "max_position_embeddings": s.text_length, "image_size": s.image_size, "patch_size": s.patch,
        "hidden_dropout_prob": s.dropout, "attention_probs_dropout_prob": s.dropout, "tie_word_embeddings": False,
    }  # fmt: skip
    return renamed(tensors, _HF_NAMES), config
