"""CLIP's files: OpenAI's and open_clip's names, and Hugging Face's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from impasto.errors import CheckpointError
from impasto_lab.models.blocks.vit import Activation
from impasto_lab.models.checkpoints.reading import fill, read_config, read_tensors
from impasto_lab.models.checkpoints.renaming import Rule, joined, parted, renamed
from impasto_lab.models.clip import Clip
from impasto_lab.models.settings import ClipSettings

#: Towers have heads of 64, but for the images' of open_clip's ViT-H, which is the one of this width.
_HEAD = 64
_WIDER_HEADS = {1280: 80}
_BLOCK = r"(?P<at>visual\.transformer|transformer)\.resblocks\.(?P<n>\d+)\."
_OPENAI_BLOCK = {
    r"ln_1\.(?P<end>.*)": r"norm1.\g<end>",
    r"ln_2\.(?P<end>.*)": r"norm2.\g<end>",
    r"attn\.in_proj_(?P<end>.*)": r"attn.qkv.\g<end>",
    r"attn\.out_proj\.(?P<end>.*)": r"attn.proj.\g<end>",
    r"mlp\.c_fc\.(?P<end>.*)": r"mlp.fc1.\g<end>",
    r"mlp\.c_proj\.(?P<end>.*)": r"mlp.fc2.\g<end>",
}
_OPENAI: tuple[Rule, ...] = (
    *((_BLOCK + end, r"\g<at>.blocks.\g<n>." + ours) for end, ours in _OPENAI_BLOCK.items()),
    (r"visual\.conv1\.weight", "image.trunk.patch_embed.proj.weight"),
    (r"visual\.class_embedding", "image.trunk.cls_token"),
    (r"visual\.positional_embedding", "image.trunk.pos_embed"),
    (r"visual\.ln_pre\.(.*)", r"image.trunk.norm_pre.\1"),
    (r"visual\.ln_post\.(.*)", r"image.trunk.norm.\1"),
    (r"visual\.proj", "image.project.weight"),
    (r"token_embedding\.weight", "text.tokens.weight"),
    (r"positional_embedding", "text.places"),
    (r"ln_final\.(.*)", r"text.norm.\1"),
    (r"text_projection", "text.project.weight"),
    # Sizes, which OpenAI's own files carry beside the weights, and a mask that is computed.
    (r"input_resolution|context_length|vocab_size|attn_mask", None),
)
_OURS_OF_TRANSFORMERS: dict[str, str] = {"visual.transformer.": "image.trunk.", "transformer.": "text."}
_HF_BLOCK = {"layer_norm1": "norm1", "layer_norm2": "norm2", "self_attn.out_proj": "attn.proj", "mlp.fc1": "mlp.fc1",
             "mlp.fc2": "mlp.fc2", "self_attn.q_proj": "attn.query", "self_attn.k_proj": "attn.key",
             "self_attn.v_proj": "attn.value"}  # fmt: skip
_HF_TOWERS = {"vision_model": "image.trunk", "text_model": "text"}
_HF_NAMES = {
    "vision_model.embeddings.class_embedding": "image.trunk.cls_token",
    "vision_model.embeddings.position_embedding.weight": "image.trunk.pos_embed",
    "vision_model.embeddings.patch_embedding.weight": "image.trunk.patch_embed.proj.weight",
    "vision_model.pre_layrnorm.weight": "image.trunk.norm_pre.weight",  # their spelling
    "vision_model.pre_layrnorm.bias": "image.trunk.norm_pre.bias",
    "vision_model.post_layernorm.weight": "image.trunk.norm.weight",
    "vision_model.post_layernorm.bias": "image.trunk.norm.bias",
    "visual_projection.weight": "image.project.weight",
    "text_model.embeddings.token_embedding.weight": "text.tokens.weight",
    "text_model.embeddings.position_embedding.weight": "text.places",
    "text_model.final_layer_norm.weight": "text.norm.weight",
    "text_model.final_layer_norm.bias": "text.norm.bias",
    "text_projection.weight": "text.project.weight",
}
_HF: tuple[Rule, ...] = (
    (r"(vision_model|text_model)\.embeddings\.position_ids", None),
    *(
        (rf"{tower}\.encoder\.layers\.(\d+)\.{re.escape(theirs)}\.(.*)", rf"{place}.blocks.\1.{ours}.\2")
        for tower, place in _HF_TOWERS.items()
        for theirs, ours in _HF_BLOCK.items()
    ),
    *((re.escape(theirs), ours) for theirs, ours in _HF_NAMES.items()),
)
_PARTS = ("attn.query.", "attn.key.", "attn.value.")


def load_clip(path: str | Path, *, activation: Activation | None = None) -> Clip:
    """A CLIP of OpenAI, open_clip or Hugging Face; its sizes are read from the weights.

    Args:
        path: The file, or a folder of Hugging Face's.
        activation: Of the perceptrons, which no weight tells: by default what ``config.json`` says, or
            ``open_clip_config.json``, and otherwise ``"quick_gelu"``, OpenAI's; most of open_clip's own models have
            ``"gelu"``.

    Raises:
        CheckpointError: If it is missing, damaged, of another model, or of a CLIP without vision transformer.
    """
    tensors, config = read_tensors(path), read_config(path)
    if "text_model.embeddings.token_embedding.weight" in tensors:
        given = joined(renamed(tensors, _HF), _PARTS, "attn.qkv.")
    elif "visual.class_embedding" in tensors and "token_embedding.weight" in tensors:
        given = _of_openai(tensors)
    else:
        raise CheckpointError("it is no CLIP with a vision transformer, by the names of its tensors", path=str(path))
    vision, text = (config.get(name, {}) for name in ("vision_config", "text_config"))
    if not vision:
        vision, text = _said_by_open_clip(path)
    said: Activation | None = vision.get("hidden_act")
    try:
        settings = _settings(given, vision, text, activation or said or "quick_gelu")
    except (KeyError, IndexError) as error:
        raise CheckpointError(f"it lacks {error}; it is damaged, or of another model", path=str(path)) from error
    given["image.trunk.cls_token"] = given["image.trunk.cls_token"].reshape(1, 1, -1)
    places = given["image.trunk.pos_embed"]
    given["image.trunk.pos_embed"] = places.reshape(1, *places.shape[-2:])
    model = Clip(settings)
    fill(model, given, path)
    return model.eval()


def _of_openai(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    given = {}
    for name, tensor in renamed(tensors, _OPENAI).items():
        place = next((p for p in _OURS_OF_TRANSFORMERS if name.startswith(f"{p}blocks.")), None)
        ours = name if place is None else _OURS_OF_TRANSFORMERS[place] + name.removeprefix(place)
        given[ours] = tensor.T.contiguous() if name.endswith("project.weight") else tensor
    return given


def _said_by_open_clip(path: str | Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What no weight tells, as ``open_clip_config.json`` has it, by Hugging Face's names; nothing where there is none.

    Raises:
        CheckpointError: If it is damaged.
    """
    file = "open_clip_config.json"
    said = read_config(path, file).get("model_cfg")
    if said is None:
        return {}, {}
    try:
        image, text = said["vision_cfg"], said["text_cfg"]
        vision = {"num_attention_heads": image["width"] // image.get("head_width", _HEAD)}
        act = "quick_gelu" if said.get("quick_gelu") else "gelu"
        return vision | {"hidden_act": act}, {"num_attention_heads": text["heads"]}
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{file} beside it is no CLIP's: it lacks {error}", path=str(path)) from error


def _settings(
    given: Mapping[str, Tensor], vision: Mapping[str, Any], text: Mapping[str, Any], activation: Activation
) -> ClipSettings:
    """The sizes that tensors show; a width's heads are of 64 where no config says it."""
    image_width, _, _, patch = given["image.trunk.patch_embed.proj.weight"].shape
    side = round((given["image.trunk.pos_embed"].shape[-2] - 1) ** 0.5)
    vocabulary, text_width = given["text.tokens.weight"].shape
    layers = [sum(f"{at}.blocks.{n}.norm1.weight" in given for n in range(200)) for at in ("image.trunk", "text")]
    return ClipSettings(
        vocabulary=vocabulary,
        image_size=side * patch,
        patch=patch,
        image_width=image_width,
        image_layers=layers[0],
        image_heads=vision.get("num_attention_heads", max(image_width // _WIDER_HEADS.get(image_width, _HEAD), 1)),
        text_length=len(given["text.places"]),
        text_width=text_width,
        text_layers=layers[1],
        text_heads=text.get("num_attention_heads", max(text_width // _HEAD, 1)),
        dim=len(given["text.project.weight"]),
        activation=activation,
    )


def clip_for_transformers(model: Clip) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """A CLIP's tensors and ``config.json`` as Hugging Face's ``CLIPModel`` reads them.

    Captions have to end with the vocabulary's last id, as CLIP's do: there theirs are pooled.
    """
    names = {ours: theirs for theirs, ours in _HF_NAMES.items()}
    blocks = {ours: theirs for theirs, ours in _HF_BLOCK.items()}
    tensors = {}
    for name, tensor in parted(model.state_dict(), "attn.qkv.", _PARTS).items():
        found = re.fullmatch(r"(image\.trunk|text)\.blocks\.(\d+)\.(.*)\.(weight|bias)", name)
        if found:
            tower = next(theirs for theirs, ours in _HF_TOWERS.items() if ours == found[1])
            name = f"{tower}.encoder.layers.{found[2]}.{blocks[found[3]]}.{found[4]}"
        name = names.get(name, name)
        extra = name.startswith("vision_model.embeddings.") and tensor.ndim == 3  # ours count a batch of one
        tensors[name] = tensor.squeeze() if extra else tensor
    s = model.settings
    shared = {"hidden_act": s.activation, "projection_dim": s.dim}
    ids = {"bos_token_id": s.vocabulary - 2, "eos_token_id": s.vocabulary - 1, "pad_token_id": 0}
    text = {
        "vocab_size": s.vocabulary, "hidden_size": s.text_width, "intermediate_size": 4 * s.text_width,
        "num_hidden_layers": s.text_layers, "num_attention_heads": s.text_heads,
        "max_position_embeddings": s.text_length, **ids,
    }  # fmt: skip
    vision = {
        "hidden_size": s.image_width, "intermediate_size": 4 * s.image_width, "num_hidden_layers": s.image_layers,
        "num_attention_heads": s.image_heads, "image_size": s.image_size, "patch_size": s.patch,
    }  # fmt: skip
    config = {
        "architectures": ["CLIPModel"], "model_type": "clip", "projection_dim": s.dim,
        "text_config": text | shared, "vision_config": vision | shared,
    }  # fmt: skip
    return tensors, config
